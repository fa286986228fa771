//! What can be done about what lies over the window: the palette and the help page.

/// Something a person did about them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WindowCommand {
    /// Open the palette, or close it.
    OpenPalette,
    /// The text in the palette changed.
    EditPalette(String),
    /// Choose what is so many lines further down in it.
    ChooseInPalette(i64),
    /// Close the palette.
    ClosePalette,
    /// Open the help page, or close it.
    ToggleHelp,
    /// Put away the word about signs that no font of this machine has.
    PutAwayBoxes,
    /// Send the keyboard so many parts of the window further.
    NextPart(isize),
}
