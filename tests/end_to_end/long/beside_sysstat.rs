//! What is replayed beside the tools that are running, for minutes.

/// Prints the table of `docs/truth.md`.
#[test]
#[ignore = "long: ./check --long"]
fn columns_are_those_of_the_tools_for_minutes() {
    crate::beside_sysstat::for_long(3);
}
