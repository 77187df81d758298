use proptest::prelude::*;

use super::*;

/// Five pairs of samples whose variances are very different.
const BASE: [[f64; 3]; 5] = [
    [1.00, 1.04, 0.97],
    [2.00, 2.30, 1.80],
    [5.0, 5.01, 5.02],
    [0.5, 0.52, 0.47],
    [9.0, 9.9, 8.1],
];
const NEW: [[f64; 3]; 5] = [
    [1.10, 1.12, 1.09],
    [2.10, 2.00, 2.40],
    [5.1, 5.12, 5.11],
    [0.5, 0.45, 0.55],
    [9.5, 9.4, 9.6],
];

fn gaps() -> Vec<Gap> {
    let sides = BASE.iter().zip(&NEW);
    sides
        .map(|(base, new)| Gap::of(base, new).unwrap())
        .collect()
}

fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn one_gap_alone_is_students() {
    // R 4.2.2: t.test(NEW[2,], BASE[2,], var.equal = TRUE)
    let judged = judge(&gaps()[1..2])[0];
    near(judged.probability().unwrap(), 0.518_518_518_518_518);
    let (low, high) = judged.interval_95().unwrap();
    near(low, -0.390_198_176_394_015);
    near(high, 0.656_864_843_060_682);
}

#[test]
fn what_usual_variances_are_is_what_limma_finds() {
    // limma 3.54.1: eBayes(lmFit(cbind(BASE, NEW), model.matrix(~ rep(0:1, each = 3))))
    let prior = Prior::of(&gaps()).unwrap();
    near(prior.freedom, 0.646_006_725_919_651);
    near(prior.variance, 0.000_761_006_506_217_961);
    let post = [
        0.000_737_181_165_862_561,
        0.046_023_383_363_159_7,
        0.000_191_910_036_744_266,
        0.001_454_643_177_860_3,
        0.353_097_124_498_192,
    ];
    for (gap, expected) in gaps().iter().zip(post) {
        near(prior.moved(gap), expected);
    }
}

#[test]
fn a_quiet_sample_is_judged_as_limma_does_and_a_noisy_one_by_itself() {
    let judged = judge(&gaps());
    near(judged[0].freedom, 4.646_006_725_919_65);
    near(judged[0].probability().unwrap(), 0.007_555_152_131_416_23);
    near(judged[2].probability().unwrap(), 0.000_444_490_579_304_845);
    // Where limma's variance is below its own, which it is for the second and the last.
    for place in [1, 4] {
        near(
            judged[place].error,
            (gaps()[place].variance * 2.0 / 3.0).sqrt(),
        );
    }
}

#[test]
fn variances_that_differ_by_chance_alone_are_taken_as_one() {
    let gaps = [
        Gap::of(&[1.0, 2.0, 3.0], &[2.0, 3.0, 4.0]),
        Gap::of(&[1.0, 2.0, 3.1], &[1.0, 2.0, 2.9]),
        Gap::of(&[2.0, 3.0, 4.0], &[2.0, 3.0, 4.2]),
    ]
    .map(Option::unwrap);
    // limma: df.prior is Inf, s2.prior 1.036..., df.total 12.
    let prior = Prior::of(&gaps).unwrap();
    assert!(prior.freedom.is_infinite());
    near(prior.variance, 1.036_666_666_666_67);
    let judged = judge(&gaps);
    near(judged[0].freedom, 12.0);
    near(judged[0].probability().unwrap(), 0.252_215_246_462_18);
}

#[test]
fn values_that_do_not_vary_are_known_exactly() {
    let same = Gap::of(&[2.0, 2.0], &[2.0, 2.0]).unwrap();
    let other = Gap::of(&[2.0, 2.0], &[3.0, 3.0]).unwrap();
    let judged = judge(&[same, other]);
    assert_eq!(judged[0].probability(), Some(1.0));
    assert_eq!(judged[1].probability(), Some(0.0));
    assert_eq!(judged[1].interval_95(), Some((1.0, 1.0)));
}

#[test]
fn one_value_does_not_show_how_much_it_varies() {
    assert_eq!(Gap::of(&[1.0], &[1.0, 2.0, 3.0]), None);
    assert_eq!(Gap::of(&[1.0, 2.0], &[]), None);
    assert!(judge(&[]).is_empty());
}

#[test]
fn trigamma_is_rs_and_inverts() {
    let known = [
        (0.5, 4.934_802_200_544_679),
        (1.0, 1.644_934_066_848_226_4),
        (2.0, 0.644_934_066_848_226_4),
        (10.5, 0.099_916_956_059_126_73),
        (300.0, 0.003_338_895_061_714_68),
    ];
    for (x, expected) in known {
        near(trigamma(x), expected);
        near(inverse_trigamma(expected), x);
    }
}

#[test]
fn holm_keeps_what_r_keeps() {
    // R: p.adjust(p, "holm") is 0.0025 0.0400 0.0240 0.1500 0.0240
    let probabilities = [0.0005, 0.02, 0.006, 0.15, 0.00625];
    assert_eq!(real_95(&probabilities), [true, false, true, false, true]);
    // One that fails stops those behind it, though they would pass by themselves.
    assert_eq!(real_95(&[0.015, 0.015, 0.02]), [false; 3]);
    assert_eq!(real_95(&[]), [false; 0]);
}

#[test]
fn of_few_values_what_varies_most_is_known_by_its_own_alone_and_so_is_each_of_a_few() {
    let quiet = [0.10, 0.11, 0.12];
    let mut gaps: Vec<_> = (1..9)
        .map(|nth| Gap::paired(&quiet.map(|it| it * (1.0 + f64::from(nth) / 50.0))).unwrap())
        .collect();
    gaps.push(Gap::paired(&[0.1, 0.9, 0.4]).unwrap());
    let (few, judged) = (judge_few(&gaps), judge(&gaps));
    near(few[8].freedom, 2.0);
    near(few[8].error, judged[8].error);
    assert!(few[8].probability() > judged[8].probability());
    assert_eq!(few[0], judged[0]);
    assert!(few[0].freedom > 2.0);
    let of_some = judge_few(&gaps[..7]);
    for it in &of_some {
        near(it.freedom, 2.0);
    }
}

#[test]
fn the_mean_of_gaps_is_known_as_satterthwaite_has_it() {
    let of = |differences: &[f64]| judge(&[Gap::paired(differences).unwrap()])[0];
    let both = [of(&[0.1, 0.3, 0.2]), of(&[-1.0, 2.0, 0.5, 0.7])];
    let mean = Judged::mean(&both).unwrap();
    near(mean.between, f64::midpoint(0.2, 0.55));
    let squares = both.map(|it| it.error.powi(2));
    near(mean.error, (squares[0] + squares[1]).sqrt() / 2.0);
    let spread = squares[0].powi(2) / 2.0 + squares[1].powi(2) / 3.0;
    near(mean.freedom, (squares[0] + squares[1]).powi(2) / spread);
    near(Judged::mean(&both[..1]).unwrap().freedom, 2.0);
    // As well known as one alone where the other hardly scatters, and as all values together where both scatter alike.
    let with = |error| {
        Judged::mean(&[both[0], Judged { error, ..both[0] }])
            .unwrap()
            .freedom
    };
    near(with(0.0), 2.0);
    near(with(both[0].error), 4.0);
    assert_eq!(Judged::mean(&[]), None);
}

#[test]
fn the_farthest_quantiles_are_right() {
    // Student's t has closed forms at one and two degrees of freedom.
    let reach = |freedom, left_out| {
        let unit = Judged {
            between: 0.0,
            error: 1.0,
            freedom,
        };
        unit.interval(left_out).unwrap().1
    };
    let close = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 1e-5);
    close(
        reach(1.0, 2e-7),
        (std::f64::consts::PI * (0.5 - 1e-7)).tan(),
    );
    let p = 1e-7_f64;
    close(
        reach(2.0, 2.0 * p),
        (1.0 - 2.0 * p) / (2.0 * p * (1.0 - p)).sqrt(),
    );
    for (freedom, left_out) in [
        (3.3, 1e-4),
        (5.0, 1e-6),
        (14.7, 1e-5),
        (30.0, 1e-9),
        (4000.0, 1e-7),
    ] {
        let between = reach(freedom, left_out);
        let judged = Judged {
            between,
            error: 1.0,
            freedom,
        };
        assert!(
            (judged.probability().unwrap() / left_out - 1.0).abs() < 1e-5,
            "{freedom} {left_out}"
        );
    }
}

proptest! {
    #[test]
    fn an_interval_leaves_equality_out_exactly_where_the_difference_is_called_real(
        gaps in prop::collection::vec((-8.0..8.0_f64, 1.0..30.0_f64), 1..40)
    ) {
        let judged: Vec<_> = gaps.iter().map(|(between, freedom)| Judged {
            between: *between,
            error: 1.0,
            freedom: *freedom,
        }).collect();
        let probabilities: Vec<_> = judged.iter().filter_map(Judged::probability).collect();
        let real = real_95(&probabilities);
        let left_out = left_out_95(real.len(), real.iter().filter(|it| **it).count());
        for (judged, real) in judged.iter().zip(real) {
            let (low, high) = judged.interval(left_out).unwrap();
            prop_assert_eq!(low > 0.0 || high < 0.0, real);
        }
    }

    #[test]
    fn a_larger_gap_is_less_probable(width in 0.01..10.0_f64, more in 0.01..10.0_f64) {
        let of = |width: f64| {
            let gap = Gap::of(&[1.0, 1.2, 1.1], &[1.0 + width, 1.2 + width, 1.1 + width]).unwrap();
            judge(&[gap])[0].probability().unwrap()
        };
        prop_assert!(of(width + more) < of(width));
    }

    #[test]
    fn no_company_makes_a_sample_quieter(noise in 0.0..5.0_f64, company in 0.0..5.0_f64) {
        let of = |noise: f64| Gap::of(&[1.0, 1.0 + noise, 1.1], &[2.0, 2.0 - noise, 2.3]).unwrap();
        let (own, others) = (of(noise), [of(company), of(company / 2.0), of(company * 3.0)]);
        let judged = judge(&[own, others[0], others[1], others[2]])[0];
        prop_assert!(judged.error >= (own.variance * own.share).sqrt() * (1.0 - 1e-12));
    }
}

#[test]
fn a_gap_of_pairs_alone_has_the_t_interval_of_their_differences() {
    let differences = [0.1, 0.3, 0.2, 0.5];
    let gap = Gap::paired(&differences).unwrap();
    let [judged] = judge(&[gap])[..] else {
        panic!("one gap")
    };
    let (found, expected) = (
        judged.interval_95(),
        super::super::interval_95(&differences),
    );
    let ((low, high), (least, most)) = (found.unwrap(), expected.unwrap());
    assert!((low - least).abs() < 1e-12 && (high - most).abs() < 1e-12);
    assert_eq!(Gap::paired(&[0.1]), None);
}
