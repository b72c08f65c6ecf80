//! The values of fields that a scenario leaves out.

pub fn yes() -> bool {
    true
}

pub fn speed() -> f64 {
    600.0
}

pub fn zone() -> String {
    "a".to_owned()
}

pub fn tag_text() -> String {
    "x".to_owned()
}

pub fn agent() -> String {
    "3.3.987.0".to_owned()
}
