//! Sentences that differ in their figures alone, said once: `steal took 3 to 9 % of the CPU`.
//!
//! A disturbance comes in every cell with a share of its own; twenty sentences of one kind would bury the figures they
//! are about. The invariant: a merged sentence says the smallest and the largest figure of those it stands for.

use std::collections::BTreeMap;

/// A sentence in parts: words, figure, words, figure, ..., words.
struct Parts<'a> {
    words: Vec<&'a str>,
    figures: Vec<&'a str>,
}

/// Whether the numbers of a sentence may be names: one that counts things before a colon names them behind it.
fn names_things(sentence: &str) -> bool {
    let counted = sentence.split_once(':').map(|(before, _)| before);
    counted.is_some_and(|before| before.contains(|c: char| c.is_ascii_digit()))
}

/// Replaces each sentence by one that stands for all of its kind. One that names things stays as it is.
pub(super) fn merge_figures(sentences: &mut [&mut String]) {
    let mut ranges: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for sentence in sentences.iter().filter(|sentence| !names_things(sentence)) {
        let parts = split(sentence);
        let kind = ranges.entry(parts.words.join("#")).or_default();
        if kind.is_empty() {
            *kind = parts
                .figures
                .iter()
                .map(|figure| (figure.to_string(), figure.to_string()))
                .collect();
        }
        for (range, figure) in kind.iter_mut().zip(&parts.figures) {
            widen(range, figure);
        }
    }
    for sentence in sentences
        .iter_mut()
        .filter(|sentence| !names_things(sentence))
    {
        let parts = split(sentence);
        if let Some(kind) = ranges.get(&parts.words.join("#")) {
            **sentence = join(&parts.words, kind);
        }
    }
}

fn split(sentence: &str) -> Parts<'_> {
    let mut parts = Parts {
        words: Vec::new(),
        figures: Vec::new(),
    };
    let mut rest = sentence;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let figure = &rest[start..];
        let end = figure
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(figure.len());
        let end = figure[..end].trim_end_matches('.').len();
        parts.words.push(&rest[..start]);
        parts.figures.push(&figure[..end]);
        rest = &figure[end..];
    }
    parts.words.push(rest);
    parts
}

fn widen((low, high): &mut (String, String), figure: &str) {
    let value = |text: &str| text.parse().unwrap_or(0.0_f64);
    if value(figure) < value(low) {
        figure.clone_into(low);
    }
    if value(figure) > value(high) {
        figure.clone_into(high);
    }
}

fn join(words: &[&str], ranges: &[(String, String)]) -> String {
    let shown = ranges.iter().map(|(low, high)| {
        if low == high {
            low.clone()
        } else {
            format!("{low} to {high}")
        }
    });
    let figures = shown.chain([String::new()]);
    words
        .iter()
        .zip(figures)
        .flat_map(|(words, figure)| [(*words).to_owned(), figure])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merged(sentences: &[&str]) -> Vec<String> {
        let mut owned: Vec<String> = sentences
            .iter()
            .map(|sentence| (*sentence).to_owned())
            .collect();
        merge_figures(&mut owned.iter_mut().collect::<Vec<_>>());
        owned
    }

    #[test]
    fn sentences_of_one_kind_become_one_with_the_range_of_each_figure() {
        let range = "steal took 3 to 12 % of 2 CPUs";
        let said = merged(&[
            "steal took 12 % of 2 CPUs",
            "steal took 3 % of 2 CPUs",
            "steal took 9 % of 2 CPUs",
        ]);
        assert_eq!(said, [range, range, range]);
    }

    #[test]
    fn a_colon_alone_names_nothing() {
        let range = "rates were not held: one in a hundred was 5 to 70 us late";
        let said = merged(&[
            "rates were not held: one in a hundred was 70 us late",
            "rates were not held: one in a hundred was 5 us late",
        ]);
        assert_eq!(said, [range, range]);
    }

    #[test]
    fn other_kinds_and_sentences_that_name_things_stay_as_they_are() {
        let said = [
            "no figure here.",
            "it took 1.5 s.",
            "2 of 8 flows were lost: 0 to 1 died",
            "1 of 8 flows were lost: 4 to 5 died",
        ];
        assert_eq!(merged(&said), said);
    }
}
