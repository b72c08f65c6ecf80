//! Short forms: a word where a map could stand, and the words that YAML dialects disagree about (`on`, `off`).
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeOwned, MapAccess, Visitor, value::MapAccessDeserializer},
};
use std::{fmt, marker::PhantomData};

/// A type whose values have names.
pub trait Words: Sized {
    /// The names, as an error message lists them.
    const EXPECTED: &'static str;

    /// The value of a name. YAML's `true` and `false` come as these words.
    fn from_word(word: &str) -> Option<Self>;
}

/// Reads a value of a type whose values have names, for `deserialize_with`.
pub fn word<'de, D: Deserializer<'de>, T: Words>(deserializer: D) -> Result<T, D::Error> {
    struct Reader<T>(PhantomData<T>);
    impl<T: Words> Visitor<'_> for Reader<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "one of {}", T::EXPECTED)
        }

        fn visit_str<E: de::Error>(self, word: &str) -> Result<T, E> {
            read(word)
        }

        fn visit_bool<E: de::Error>(self, word: bool) -> Result<T, E> {
            read(if word { "true" } else { "false" })
        }
    }
    deserializer.deserialize_any(Reader(PhantomData))
}

fn read<T: Words, E: de::Error>(word: &str) -> Result<T, E> {
    T::from_word(word).ok_or_else(|| E::custom(format!("unknown word `{word}`, expected one of {}", T::EXPECTED)))
}

/// A map of fields, or one word that stands for the map with everything else absent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Form<T>(pub T);

impl<'de, T: Words + DeserializeOwned> Deserialize<'de> for Form<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Words + DeserializeOwned> Visitor<'de> for Reader<T> {
            type Value = Form<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "one of {}, or a map of fields", T::EXPECTED)
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Form<T>, E> {
                read(word).map(Form)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Form<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Form)
            }
        }
        deserializer.deserialize_any(Reader(PhantomData))
    }
}

/// On, off, or on in some Regions only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Switch {
    /// Nowhere.
    #[default]
    Off,
    /// Everywhere.
    On,
    /// In these Regions.
    In(Vec<String>),
}

impl Switch {
    /// Is it on in this Region?
    pub fn is_on(&self, region: &str) -> bool {
        match self {
            Self::Off => false,
            Self::On => true,
            Self::In(regions) => regions.iter().any(|on| on == region),
        }
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Switch;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("on, off, or a list of Regions")
            }

            fn visit_bool<E: de::Error>(self, on: bool) -> Result<Switch, E> {
                Ok(if on { Switch::On } else { Switch::Off })
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<Switch, E> {
                match word {
                    "on" => Ok(Switch::On),
                    "off" => Ok(Switch::Off),
                    _ => Err(E::custom(format!("unknown word `{word}`, expected on, off, or a list of Regions"))),
                }
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Switch, A::Error> {
                let mut regions = Vec::new();
                while let Some(region) = list.next_element()? {
                    regions.push(region);
                }
                Ok(Switch::In(regions))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
