//! Reads a lesson from the text of a file.
