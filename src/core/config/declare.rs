//! The two macros in which every setting is declared once.
//!
//! [`choices!`] declares the words that a setting may hold, [`section!`] a table of settings. Beside each field stand
//! its help (the doc comment), label, unit, range, default, and the kinds that use it. Everything else comes from
//! there: the typed struct, reading with line numbers, writing, the form, and the reference page.

/// Declares an enum whose variants are words in TOML. The first one is the default.
macro_rules! choices {
    ($(#[doc = $about:expr])+ $name:ident { $($(#[doc = $help:expr])+ $variant:ident = $word:literal,)+ }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $help])+ $variant,)+
        }

        impl $name {
            /// Every choice, in the order in which it is offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The words for them.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The word in TOML.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::ALL[0]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.word())
            }
        }
    };
}

/// Declares a table of settings:
/// `name: Type = default, "label" ["unit"] in range, for selector = ["word", …];` with the help as doc comment.
macro_rules! section {
    ($(#[doc = $about:expr])+ $name:ident {
        $($(#[doc = $help:expr])+ $field:ident : $type:ty = $default:expr, $label:literal $([$unit:literal])? $(in $range:expr)?
            $(, for $selector:ident = [$($word:literal),+])?;)+
    }) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[doc = $help])+ pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }
    };
}

pub(crate) use {choices, section};
