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

        impl $crate::config::read::Entry for $name {
            fn shape() -> $crate::config::form::Shape {
                $crate::config::form::Shape::Choice(Self::WORDS)
            }

            fn read(
                node: &$crate::config::node::Node,
                at: $crate::config::read::At<'_>,
                reader: &mut $crate::config::read::Reader,
            ) -> Option<Self> {
                let place = $crate::config::read::choice(node, at, Self::WORDS, reader)?;
                Self::ALL.get(place).copied()
            }

            fn write(&self) -> Option<$crate::config::node::Node> {
                Some($crate::config::read::written_choice(self.word()))
            }

            fn chosen(&self) -> Option<&'static str> {
                Some((*self).word())
            }

            fn meanings() -> &'static [&'static str] {
                &[$(concat!($($help,)+),)+]
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

        impl $crate::config::read::Table for $name {
            fn fields() -> &'static [$crate::config::form::Field] {
                static FIELDS: std::sync::OnceLock<Vec<$crate::config::form::Field>> = std::sync::OnceLock::new();
                FIELDS.get_or_init(|| {
                    let default = Self::default();
                    vec![$($crate::config::form::Field {
                        name: stringify!($field),
                        label: $label,
                        help: concat!($($help,)+).trim(),
                        unit: concat!($($unit)?),
                        shape: <$type as $crate::config::read::Entry>::shape(),
                        meanings: <$type as $crate::config::read::Entry>::meanings(),
                        range: $crate::config::declare::or_any!($($range)?),
                        default: $crate::config::read::default_text(&default.$field),
                        used_with: $crate::config::declare::or_none!($((stringify!($selector), &[$($word),+]))?),
                    },)+]
                })
            }

            fn choice(&self, name: &str) -> Option<&'static str> {
                match name {
                    $(stringify!($field) => $crate::config::read::Entry::chosen(&self.$field),)+
                    _ => None,
                }
            }

            fn read_fields(
                table: &$crate::config::read::TableReader<'_>,
                reader: &mut $crate::config::read::Reader,
            ) -> Self {
                let mut this = Self::default();
                $(
                    let range = $crate::config::declare::or_any!($($range)?);
                    if let Some(value) = table.field(stringify!($field), range, reader) {
                        this.$field = value;
                    }
                )+
                let word = |name: &str| $crate::config::read::Table::choice(&this, name);
                let unused = table.unused(&word, reader);
                $(
                    if unused.contains(&stringify!($field)) {
                        this.$field = $default;
                    }
                )+
                this
            }

            fn written(&self) -> Vec<(&'static str, Option<$crate::config::node::Node>)> {
                vec![$((stringify!($field), $crate::config::read::Entry::write(&self.$field)),)+]
            }
        }
    };
}

/// The range, or any.
macro_rules! or_any {
    () => {
        $crate::config::range::Range::Any
    };
    ($range:expr) => {
        $range
    };
}

/// Some of it, or none.
macro_rules! or_none {
    () => {
        None
    };
    ($some:expr) => {
        Some($some)
    };
}

pub(crate) use {choices, or_any, or_none, section};
