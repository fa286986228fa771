//! Whole-program tests: the built `afterimage` beside real processes, real signals and real
//! files. What a unit test can show is not shown again here.
//!
//! They run beside each other, on any machine: each recorder has its own folder and socket,
//! waiting is for something and with a deadline, and every tolerance is a constant with its
//! reason. What needs root or a program that is missing is skipped with a line that says so.
//!
//! Tests in `root` and `long` are ignored in an ordinary run: `./check --root` runs those that
//! mount things, `./check --long` those that repeat a fault until it can be believed.

#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod beside_ps;
#[cfg(test)]
mod beside_sysstat;
#[cfg(test)]
mod beside_the_kernel;
#[cfg(test)]
mod clean_recording;
#[cfg(test)]
mod clips;
#[cfg(test)]
mod control_socket;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod damage_figures;
#[cfg(test)]
mod damaged_captures;
#[cfg(test)]
mod existing_output;
#[cfg(test)]
mod fake_proc;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod holdings;
#[cfg(test)]
mod host_trouble;
#[cfg(test)]
mod hostile_names;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod live_damage;
#[cfg(test)]
mod load;
#[cfg(test)]
mod long;
#[cfg(test)]
mod moved_files;
#[cfg(test)]
mod not_visible;
#[cfg(test)]
mod odd_names;
#[cfg(test)]
mod pid_reuse;
#[cfg(test)]
mod power_cuts;
#[cfg(test)]
mod reload;
#[cfg(test)]
mod replayed_steps;
#[cfg(test)]
mod root;
#[cfg(test)]
mod salvages;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod short_lives;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod sockets;
#[cfg(test)]
mod standing;
#[cfg(test)]
mod storage_trouble;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tasks;
#[cfg(test)]
mod terminal;
#[cfg(test)]
mod thread_dumps;
#[cfg(test)]
mod threads_command;
#[cfg(test)]
mod two_recorders;
