//! Damage to JSON that knows its structure: a leaf for another, a key that is gone or said twice, a type for another.

use serde_json::{Map, Value};

use super::draw::Draw;

/// A line of JSON that differs from `text` in so many places; `others` are lines of the same kind, to take parts from. What is no
/// JSON stays as it is.
pub(crate) fn damaged(draw: &mut Draw, text: &str, others: &[String]) -> String {
    let Ok(mut tree) = serde_json::from_str::<Value>(text) else {
        return text.to_owned();
    };
    let mut raw = Vec::new();
    for _ in 0..=draw.below(3) {
        damage(draw, &mut tree, others, &mut raw);
    }
    let mut written = tree.to_string();
    for (number, text) in raw.iter().enumerate() {
        written = written.replace(&format!("\"{}\"", mark(number)), text);
    }
    written
}

/// Stands for what no tree holds, such as a number beyond all, until the tree is written.
fn mark(number: usize) -> String {
    format!("@raw{number}@")
}

fn damage(draw: &mut Draw, tree: &mut Value, others: &[String], raw: &mut Vec<String>) {
    let mut paths = Vec::new();
    gather(tree, &mut String::new(), &mut paths);
    let path = &paths[draw.below(paths.len())];
    let Some(place) = tree.pointer_mut(path) else {
        return;
    };
    match draw.below(10) {
        0..4 => leaf(draw, place, raw),
        4 => {
            let other = others.get(draw.below(others.len().max(1)));
            let other = other.and_then(|line| serde_json::from_str::<Value>(line).ok());
            if let Some(value) = other.and_then(|other| other.pointer(path).cloned()) {
                *place = value;
            }
        }
        5 => *place = any(draw, raw),
        6 => remove(draw, place),
        7 => grow(draw, place),
        8 => twice(draw, place, raw),
        _ => rename(draw, place),
    }
}

/// Places of all values, as pointers.
fn gather(tree: &Value, path: &mut String, into: &mut Vec<String>) {
    into.push(path.clone());
    let length = path.len();
    let mut below = |name: &str, value: &Value| {
        path.push('/');
        path.push_str(&name.replace('~', "~0").replace('/', "~1"));
        gather(value, path, into);
        path.truncate(length);
    };
    match tree {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name, value)),
        // The first and the last of a long list are as good as all.
        Value::Array(all) => all
            .iter()
            .enumerate()
            .filter(|(at, _)| *at < 2 || at + 1 == all.len())
            .for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
}

/// Another of the same type, where it is a leaf.
fn leaf(draw: &mut Draw, place: &mut Value, raw: &mut Vec<String>) {
    match place {
        Value::Number(_) => {
            raw.push(draw.number());
            *place = mark(raw.len() - 1).into();
        }
        Value::String(_) => *place = draw.string().into(),
        Value::Bool(truth) => *truth = !*truth,
        _ => {}
    }
}

/// Of whichever type.
fn any(draw: &mut Draw, raw: &mut Vec<String>) -> Value {
    let text = match draw.below(9) {
        0 => "null",
        1 => "[]",
        2 => "{}",
        3 => "\"5\"",
        4 => "\"\\ud800\"",
        5 => "[[[[[[[[[[]]]]]]]]]]",
        6 => return draw.string().into(),
        7 => return Value::Bool(draw.once_in(2)),
        _ => &draw.number(),
    };
    raw.push(text.to_owned());
    mark(raw.len() - 1).into()
}

fn remove(draw: &mut Draw, place: &mut Value) {
    match place {
        Value::Object(fields) if !fields.is_empty() => {
            let name = fields.keys().nth(draw.below(fields.len())).cloned();
            name.map(|name| fields.remove(&name));
        }
        Value::Array(all) if !all.is_empty() => drop(all.remove(draw.below(all.len()))),
        other => *other = Value::Null,
    }
}

fn grow(draw: &mut Draw, place: &mut Value) {
    match place {
        Value::Object(fields) => drop(fields.insert(draw.string(), draw.string().into())),
        Value::Array(all) => {
            let again = all.first().cloned().unwrap_or(Value::Null);
            all.extend(vec![again; 1 << draw.below(10)]);
        }
        Value::String(text) => *text = text.repeat(1 << draw.below(8)),
        other => *other = vec![other.clone(); 2].into(),
    }
}

/// A key of an object said twice.
fn twice(draw: &mut Draw, place: &mut Value, raw: &mut Vec<String>) {
    let Value::Object(fields) = place else {
        return;
    };
    let Some(name) = fields.keys().nth(draw.below(fields.len().max(1))).cloned() else {
        return;
    };
    let own = Value::Object(std::mem::take(fields)).to_string();
    let key = Value::from(name).to_string();
    raw.push(format!(
        "{},{key}:{}}}",
        &own[..own.len() - 1],
        number_or_null(draw)
    ));
    *place = mark(raw.len() - 1).into();
}

fn number_or_null(draw: &mut Draw) -> String {
    if draw.once_in(3) {
        "null".to_owned()
    } else {
        draw.number()
    }
}

fn rename(draw: &mut Draw, place: &mut Value) {
    if let Value::Object(fields) = place {
        let old: Map<_, _> = std::mem::take(fields);
        let which = draw.below(old.len().max(1));
        for (at, (name, value)) in old.into_iter().enumerate() {
            let name = if at == which { draw.string() } else { name };
            fields.insert(name, value);
        }
    }
}
