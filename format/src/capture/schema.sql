-- The plain tables of a capture, format 0.3. Readers know this text and trust no other.
-- Times: *_unix_us since 1970 UTC, *_boot_us of CLOCK_BOOTTIME. NULL is absent, never 0.
-- row_check: see format/FORMAT.md.

-- Which capture this is: the number that every check in it is seeded with.
CREATE TABLE capture (id INTEGER PRIMARY KEY, number INTEGER, created_unix_us INTEGER, recorder_version TEXT, row_check INTEGER);

-- What was there to record: one row a boot.
CREATE TABLE host (
  id INTEGER PRIMARY KEY, boot_id TEXT, hostname TEXT, kernel TEXT, architecture TEXT, timezone TEXT,
  utc_offset_seconds INTEGER, cpus INTEGER, clock_ticks_per_second INTEGER, page_size_bytes INTEGER, row_check INTEGER);

-- One row for each time a recorder ran; end is NULL while it runs, and after a crash.
CREATE TABLE run (
  id INTEGER PRIMARY KEY, boot INTEGER, pid INTEGER, recorder_version TEXT, interval_us INTEGER, sync TEXT, args TEXT,
  first_seq INTEGER, from_unix_us INTEGER, from_monotonic_us INTEGER, last_seq INTEGER, to_unix_us INTEGER, ended TEXT, row_check INTEGER);

-- Missing ticks and steps of the clock, each with its cause.
CREATE TABLE gap (
  id INTEGER PRIMARY KEY, kind TEXT, after_seq INTEGER, from_unix_us INTEGER, to_unix_us INTEGER, missed_ticks INTEGER, detail TEXT, row_check INTEGER);

-- The clocks side by side: at the start of a run, and after each step of the wall clock.
CREATE TABLE clock (
  id INTEGER PRIMARY KEY, run INTEGER, seq INTEGER, boot_us INTEGER, monotonic_us INTEGER, unix_us INTEGER, row_check INTEGER);

-- How each kernel file fares, whenever that changed.
CREATE TABLE source (
  id INTEGER PRIMARY KEY, run INTEGER, since_seq INTEGER, name TEXT, state TEXT, detail TEXT, row_check INTEGER);

-- Mounted file systems at the start of a run.
CREATE TABLE mount (
  id INTEGER PRIMARY KEY, run INTEGER, mount_point TEXT, type TEXT, device TEXT, options TEXT, row_check INTEGER);

-- Command lines, each once.
CREATE TABLE command (id INTEGER PRIMARY KEY, text TEXT, full_bytes INTEGER, row_check INTEGER);

-- One row for each life of a process; last_seq is NULL while it lives.
CREATE TABLE process (
  id INTEGER PRIMARY KEY, boot INTEGER, pid INTEGER, started_ticks INTEGER, ppid INTEGER, user TEXT, comm TEXT, command INTEGER,
  first_seq INTEGER, last_seq INTEGER, first_seen_unix_s INTEGER, last_seen_unix_s INTEGER, cpu_us INTEGER, peak_rss_kib INTEGER, row_check INTEGER);

-- Lives too many to keep one by one: how many, by parent and name.
CREATE TABLE process_sum (
  id INTEGER PRIMARY KEY, from_unix_s INTEGER, to_unix_s INTEGER, ppid INTEGER, comm TEXT, lives INTEGER, cpu_us INTEGER, row_check INTEGER);

-- What happened at one moment: marks, lost log records, evictions.
CREATE TABLE event (id INTEGER PRIMARY KEY, seq INTEGER, unix_us INTEGER, kind TEXT, text TEXT, row_check INTEGER);

CREATE TABLE kernel_log (
  id INTEGER PRIMARY KEY, boot INTEGER, sequence INTEGER, monotonic_us INTEGER, unix_us INTEGER, severity INTEGER, facility INTEGER, text TEXT, row_check INTEGER);

-- Processes of whose end the kernel told, however short they lived.
CREATE TABLE exited (
  id INTEGER PRIMARY KEY, boot INTEGER, seq INTEGER, unix_us INTEGER, pid INTEGER, ppid INTEGER, started_ticks INTEGER, comm TEXT, command_line TEXT,
  uid INTEGER, wait_status INTEGER, user_us INTEGER, system_us INTEGER, read_bytes INTEGER, write_bytes INTEGER, peak_rss_kib INTEGER,
  lifetime_us INTEGER, flags INTEGER, tty_nr INTEGER, known_by TEXT, row_check INTEGER);

-- Thread dumps, and attempts at them that were refused or failed.
CREATE TABLE thread_dump (
  id INTEGER PRIMARY KEY, run INTEGER, seq INTEGER, unix_us INTEGER, end_unix_us INTEGER, pid INTEGER, started_ticks INTEGER, comm TEXT, kind TEXT,
  trigger TEXT, trigger_detail TEXT, burst INTEGER, status TEXT, detail TEXT, arguments TEXT, signalled INTEGER, attach_us INTEGER, wall_us INTEGER,
  pause_us INTEGER, vm TEXT, cpu_us INTEGER, raw_bytes INTEGER, base_id INTEGER, body BLOB, kernel_before BLOB, kernel_after BLOB,
  threads INTEGER, runnable INTEGER, blocked INTEGER, waiting INTEGER, timed_waiting INTEGER, vm_threads INTEGER, virtual_threads INTEGER,
  deadlocks INTEGER, unknown_lines INTEGER, top_blocker TEXT, top_blocked INTEGER, parser_version INTEGER, row_check INTEGER);

-- The machine minute by minute: means, unless the name says otherwise.
CREATE TABLE minute (
  id INTEGER PRIMARY KEY, from_unix_us INTEGER, to_unix_us INTEGER, ticks INTEGER, load1 REAL, load1_max REAL, running REAL, running_max REAL,
  blocked REAL, blocked_max REAL, cpu_busy_percent REAL, cpu_busy_percent_max REAL, cpu_iowait_percent REAL, cpu_steal_percent REAL,
  cpu_pressure_percent REAL, memory_pressure_percent REAL, io_pressure_percent REAL, available_kib REAL, swap_used_kib REAL,
  swap_in_pages_per_second REAL, swap_out_pages_per_second REAL, row_check INTEGER);

-- Free text about the file itself.
CREATE TABLE note (id INTEGER PRIMARY KEY, unix_us INTEGER, text TEXT, row_check INTEGER);

-- How much of each table was evicted to keep within its share of the size limit.
CREATE TABLE quota (id INTEGER PRIMARY KEY, name TEXT, rows INTEGER, bytes INTEGER, evicted_rows INTEGER, evicted_bytes INTEGER, row_check INTEGER);

-- The samples: where each chunk lies in time, and its frames. id is the first tick's number.
CREATE TABLE chunk (
  id INTEGER PRIMARY KEY, run INTEGER, ticks INTEGER, from_unix_us INTEGER, to_unix_us INTEGER, from_boot_us INTEGER, to_boot_us INTEGER, row_check INTEGER);
CREATE TABLE chunk_body (id INTEGER PRIMARY KEY, frames BLOB);

-- The open chunk, one row a tick; the frame carries its own check.
CREATE TABLE tail (id INTEGER PRIMARY KEY, frame BLOB);

-- Minima, maxima and means; a cache that can be made again from the chunks.
CREATE TABLE pyramid (
  id INTEGER PRIMARY KEY, level_seconds INTEGER, run INTEGER, first_seq INTEGER, ticks INTEGER, from_unix_us INTEGER, to_unix_us INTEGER, machine BLOB, lives BLOB, row_check INTEGER);
