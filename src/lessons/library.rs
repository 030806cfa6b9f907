//! The bundled lessons.
