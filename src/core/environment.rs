//! Settings that libraries take only from the environment.

use std::ffi::OsStr;

/// Sets each variable that is not set yet. Call it first thing in `main`, before
/// any other thread exists.
pub fn set_defaults<V: AsRef<OsStr>>(defaults: &[(&str, V)]) {
    for (name, value) in defaults {
        if std::env::var_os(name).is_none() {
            #[allow(unsafe_code, reason = "there is no other way to tell these libraries")]
            #[allow(clippy::disallowed_methods, reason = "this is the one place that does it")]
            // SAFETY: documented above: no other thread runs yet, so nobody can
            // be reading the environment.
            unsafe {
                std::env::set_var(name, value);
            };
        }
    }
}
