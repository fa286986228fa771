//! What the mouse does, told as the keys are.

/// Where, what is done there, and what comes of it.
pub const GESTURES: [(&str, &[(&str, &str)]); 4] = [
    (
        "On the curves",
        &[
            ("Drag", "moves the cursor"),
            ("Wheel", "zooms"),
            ("Shift-drag", "pans"),
            ("Ctrl-drag", "zooms into it"),
            ("Double click", "shows the whole capture"),
        ],
    ),
    (
        "On the strip above them",
        &[
            ("Drag an edge", "shows more or less time"),
            ("Drag the middle", "pans"),
            ("Drag beside it", "shows that stretch"),
        ],
    ),
    (
        "On an event",
        &[
            ("Rest on it", "says what happened"),
            ("Click", "goes there"),
        ],
    ),
    (
        "In the table",
        &[
            ("Click a row", "opens the process's page, and closes it"),
            (
                "Click a title",
                "sorts, and once more turns the order round",
            ),
            ("Drag a title", "moves the column"),
            ("Drag a title's right edge", "makes the column wider"),
            ("Double click there", "makes it as wide as what is in it"),
            ("Rest on a title or a value", "says what it means"),
        ],
    ),
];
