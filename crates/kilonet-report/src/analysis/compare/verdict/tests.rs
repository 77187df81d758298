use super::*;

const TERMS: Terms = Terms {
    metrics: Vec::new(),
    threshold: 0.05,
    same_within: 0.02,
};

fn samples(base: &[f64], new: &[f64]) -> Samples {
    Samples {
        metric: Metric::Goodput,
        sides: [base.to_vec(), new.to_vec()],
    }
}

fn found(all: &[Samples]) -> Vec<Finding> {
    findings(&all.iter().collect::<Vec<_>>(), &TERMS)
}

#[test]
fn a_wide_interval_tells_nothing() {
    let [finding] = found(&[samples(&[1.0, 1.3, 0.8], &[1.1, 0.9, 1.2])])[..] else {
        panic!("one finding")
    };
    assert_eq!(
        (finding.verdict, finding.doubt),
        (Verdict::CannotTell, Some(Doubt::Wide))
    );
}

#[test]
fn what_one_of_many_would_show_by_chance_is_not_called_a_difference() {
    let odd = || samples(&[1.00, 1.01, 0.99], &[1.03, 1.035, 1.02]);
    let alone = found(&[odd()]);
    assert_eq!(alone[0].verdict, Verdict::Better, "{alone:?}");
    let mut many: Vec<_> = (0..200)
        .map(|_| samples(&[1.00, 1.02, 0.99], &[1.0, 1.015, 0.99]))
        .collect();
    many.push(odd());
    let last = found(&many).pop().unwrap();
    assert_eq!(
        (last.verdict, last.doubt),
        (Verdict::CannotTell, Some(Doubt::Chance))
    );
}

#[test]
fn the_same_figures_twice_are_the_same() {
    let finding = found(&[samples(&[5.0, 5.0], &[5.0, 5.0])])[0];
    assert_eq!(
        (finding.verdict, finding.regression),
        (Verdict::Same, false)
    );
    assert_eq!(finding.change.unwrap().interval, Some((1.0, 1.0)));
}

#[test]
fn more_is_the_same_as_more_of_less() {
    let up = found(&[samples(&[1.0, 1.01], &[2.0, 2.02])])[0];
    let down = found(&[samples(&[2.0, 2.02], &[1.0, 1.01])])[0];
    let (up, down) = (up.change.unwrap(), down.change.unwrap());
    assert!((up.ratio * down.ratio - 1.0).abs() < 1e-12);
    assert!((up.interval.unwrap().0 * down.interval.unwrap().1 - 1.0).abs() < 1e-9);
}
