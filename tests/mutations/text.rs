//! Damage to text that does not know what the text means: bytes, lines, fields, words.

use super::draw::Draw;

/// Damages bytes: cut off, overwritten, put in, taken out, marked as Windows does.
pub(crate) fn bytes(draw: &mut Draw, text: &mut Vec<u8>) {
    let at = draw.cut(text.len());
    match draw.below(8) {
        0 => text.truncate(at),
        1 => drop(text.drain(..at)),
        2 if at < text.len() => text[at] = draw.byte(),
        3 if at < text.len() => text[at] ^= 1 << draw.below(8),
        4 => {
            let end = (at + draw.below(64)).min(text.len());
            text.drain(at..end);
        }
        5 => drop(text.splice(0..0, *b"\xef\xbb\xbf")),
        6 => {
            let long = vec![draw.byte(); 1 << draw.below(16)];
            text.splice(at..at, long);
        }
        _ => {
            let said = if draw.once_in(2) {
                draw.string()
            } else {
                draw.number()
            };
            text.splice(at..at, said.into_bytes());
        }
    }
}

/// Damages lines: said twice, taken out, exchanged, joined, cut at their end, ended as elsewhere.
pub(crate) fn lines(draw: &mut Draw, text: &mut Vec<u8>) {
    let mut lines: Vec<_> = text
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    if lines.is_empty() {
        return;
    }
    let (one, other) = (draw.below(lines.len()), draw.below(lines.len()));
    match draw.below(9) {
        0 => lines.insert(other, lines[one].clone()),
        1 => drop(lines.remove(one)),
        2 => lines.swap(one, other),
        3 => drop(lines[one].pop()),
        4 => lines.truncate(one),
        5 => lines.extend(lines.clone()),
        6 => lines[one].splice(0..0, *b"\xef\xbb\xbf").for_each(drop),
        7 => lines.iter_mut().for_each(|line| {
            if line.ends_with(b"\n") {
                line.insert(line.len() - 1, b'\r');
            }
        }),
        _ => lines.insert(one, b"\n".to_vec()),
    }
    *text = lines.concat();
}

/// Damages a table: a field for another, a column taken out or said twice.
pub(crate) fn fields(draw: &mut Draw, text: &mut Vec<u8>) {
    let written = String::from_utf8_lossy(text).into_owned();
    let mut rows: Vec<Vec<String>> = written
        .split('\n')
        .map(|row| row.split(',').map(str::to_owned).collect())
        .collect();
    let row = draw.below(rows.len());
    let column = draw.below(rows[row].len());
    match draw.below(6) {
        0 => rows
            .iter_mut()
            .filter(|row| row.len() > column)
            .for_each(|row| drop(row.remove(column))),
        1 => {
            let again = rows[row][column].clone();
            rows[row].push(again);
        }
        2 => rows[row][column] = draw.string(),
        _ => rows[row][column] = draw.number(),
    }
    let rows: Vec<_> = rows.iter().map(|row| row.join(",")).collect();
    *text = rows.join("\n").into_bytes();
}

/// Replaces a word of `text`, such as a number, a key or what is between quotes, by another or by one of `others`.
pub(crate) fn words(draw: &mut Draw, text: &mut Vec<u8>, others: &[u8]) {
    let words = ranges(text);
    if words.is_empty() {
        return;
    }
    let place = words[draw.below(words.len())].clone();
    let is_number = text[place.clone()].first().is_some_and(u8::is_ascii_digit);
    let theirs = ranges(others);
    let new = match draw.below(4) {
        0 if !theirs.is_empty() => others[theirs[draw.below(theirs.len())].clone()].to_vec(),
        1 => text[words[draw.below(words.len())].clone()].to_vec(),
        _ if is_number => draw.number().into_bytes(),
        _ => draw.string().into_bytes(),
    };
    text.splice(place, new);
}

/// Where words are.
fn ranges(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"._-%".contains(&byte);
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in text.iter().chain(b"\n").enumerate() {
        match (is_word(*byte), start) {
            (true, None) => start = Some(at),
            (false, Some(began)) => {
                words.push(began..at);
                start = None;
            }
            _ => {}
        }
    }
    words
}
