use super::*;
use crate::analysis::Analysis;
use crate::report::figures::Figures;
use crate::report::svg;
use crate::store::sample;

/// What an attribute of the `svg` element says in whole pixels.
fn attribute(svg: &str, name: &str) -> u32 {
    let (_, rest) = svg.split_once(&format!(" {name}=\"")).unwrap();
    let (number, _) = rest.split_once('"').unwrap();
    number.parse().unwrap()
}

/// How much darker than the paper a picture is within these sides, in pixels of the figure.
fn ink(picture: &Pixmap, [left, top, right, bottom]: [u32; 4]) -> u64 {
    let dot = |x, y| picture.pixel(x, y).unwrap();
    let dots = (2 * top..2 * bottom).flat_map(|y| (2 * left..2 * right).map(move |x| (x, y)));
    dots.map(|(x, y)| u64::from(255 - dot(x, y).green())).sum()
}

fn words(text: &str, class: &str) -> u64 {
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"40\">\
         <rect width=\"200\" height=\"40\" fill=\"#fff\"/>\
         <text class=\"{class}\" x=\"5\" y=\"30\">{text}</text></svg>"
    );
    let picture = Pixmap::decode_png(&drawn(&svg, DENSITY).unwrap()).unwrap();
    ink(&picture, [0, 0, 200, 40])
}

#[test]
fn every_figure_is_a_picture_of_twice_its_size_with_text_and_curves() {
    let figures = svg::files(&Figures::of(&Analysis::of(&sample::sweep(64))));
    let pictures = pictures(&figures).unwrap();
    assert_eq!(pictures.len(), figures.len());
    for ((name, svg), (file, png)) in figures.iter().zip(&pictures) {
        assert_eq!(file.strip_suffix(".png"), name.strip_suffix(".svg"));
        let picture = Pixmap::decode_png(png).unwrap();
        let size = ["width", "height"].map(|name| 2 * attribute(svg, name));
        assert_eq!([picture.width(), picture.height()], size);
        let (title, plot) = (
            ink(&picture, [24, 18, 400, 42]),
            ink(&picture, [100, 110, 700, 430]),
        );
        let margin = ink(&picture, [0, 0, 20, 60]);
        assert!(title > 100_000 && plot > 300_000, "{file}: {title}, {plot}");
        assert_eq!(margin, 0, "{file}: nothing is drawn in the margin");
    }
}

#[test]
fn the_font_that_comes_along_has_both_weights_in_three_scripts() {
    for text in ["bridge ipv4 · µs …", "γέφυρα", "мост"] {
        let (regular, semibold) = (words(text, "sub"), words(text, "label"));
        assert!(regular > 0, "{text}");
        assert!(
            semibold > regular + regular / 20,
            "{text}: {regular}, {semibold}"
        );
    }
}

#[test]
fn a_figure_that_is_none_is_refused_by_its_name() {
    let error = pictures(&[("aggregate.svg", "<svg".to_owned())]).unwrap_err();
    assert!(
        error.to_string().starts_with("draw aggregate.png: "),
        "{error}"
    );
}

#[test]
fn a_text_lies_where_it_is_anchored() {
    let lies = |anchor| {
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"200\" height=\"40\">\
             <rect width=\"200\" height=\"40\" fill=\"#fff\"/>\
             <text class=\"title\" x=\"100\" y=\"30\" text-anchor=\"{anchor}\">HHHH</text></svg>"
        );
        let picture = Pixmap::decode_png(&drawn(&svg, DENSITY).unwrap()).unwrap();
        [[0, 100], [100, 200]].map(|[left, right]| ink(&picture, [left, 0, right, 40]))
    };
    let [before, after] = lies("start");
    assert!(before == 0 && after > 0, "{before}, {after}");
    let [before, after] = lies("end");
    assert!(before > 0 && after == 0, "{before}, {after}");
    let [before, after] = lies("middle");
    assert!(before.abs_diff(after) * 20 < before, "{before}, {after}");
}
