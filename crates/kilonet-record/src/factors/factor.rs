//! What a factor with a closed list of levels is: one word for each, read and written the same everywhere.
//!
//! Knows no factor. Invariant: the word that is written is the word that is read.

/// A factor with a closed list of levels, each written as one lower-case word.
pub trait Factor: Copy + 'static {
    /// The key it is written under.
    const KEY: &'static str;
    /// Every level that a scenario may ask for, in the order in which help and reports list them. What only records have is
    /// not among them.
    const ALL: &'static [Self];
    /// The word it is written as.
    fn word(self) -> &'static str;
    /// What it means, in a sentence.
    fn about(self) -> &'static str;
}

macro_rules! factor {
    (
        $(#[$doc:meta])* $name:ident, $key:literal {
            $($(#[doc = $about:literal])+ $(#[default $($usual:tt)*])? $level:ident = $word:literal),+ $(,)?
        }
        $(only in records { $($(#[doc = $kept_about:literal])+ $kept:ident = $kept_word:literal),+ $(,)? })?
    ) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash,
            serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        pub enum $name {
            $($(#[doc = $about])+ $(#[default $($usual)*])? #[serde(rename = $word)] $level,)+
            $($($(#[doc = $kept_about])+ #[serde(rename = $kept_word)] #[schemars(skip)] $kept,)+)?
        }

        impl $crate::factors::Factor for $name {
            const KEY: &'static str = $key;
            const ALL: &'static [Self] = &[$(Self::$level),+];
            fn word(self) -> &'static str {
                match self {
                    $(Self::$level => $word,)+
                    $($(Self::$kept => $kept_word,)+)?
                }
            }
            fn about(self) -> &'static str {
                let text = match self {
                    $(Self::$level => concat!($($about),+),)+
                    $($(Self::$kept => concat!($($kept_about),+),)+)?
                };
                // A line of a comment begins with a blank.
                text.trim_start()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                use $crate::factors::Factor;
                out.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                use $crate::factors::Factor;
                Self::ALL.iter().copied().find(|level| level.word() == text).ok_or_else(|| $crate::factors::factor::unknown_level::<Self>(text))
            }
        }
    };
}
pub(crate) use factor;

/// What is wrong with a word that is no level of a factor.
pub fn unknown_level<F: Factor>(text: &str) -> String {
    let words: Vec<_> = F::ALL
        .iter()
        .map(|level| format!("`{}`", level.word()))
        .collect();
    format!("unknown {} `{text}`; allowed: {}", F::KEY, words.join(", "))
}

/// Whether a field may be left out of a record, because reading puts the same in its place.
pub fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
