//! A story in words and numbers: the moment, and what each spike met and changed.

use egui::{RichText, Ui};

use crate::snn::experiments::story::{DT_MS, Happening, StoryResult};
use crate::ui::theme::{self, palette};
use crate::ui::workspaces::plasticity::World;
use crate::ui::workspaces::plasticity::parts::signed;
use crate::ui::workspaces::plasticity::settings::rule;

/// The moment in numbers, and every spike so far with what it changed; in a small window
/// the last one.
pub fn show(ui: &mut Ui, world: &World<'_>, result: &StoryResult, small: bool) {
    let p = palette(ui.visuals());
    let rule = rule(&result.task.learner.rule.id);
    let at = world.room.story.at();
    let names: Vec<&str> = rule.pre.iter().chain(rule.post).map(|t| t.name).collect();
    let values: Vec<String> = names
        .iter()
        .enumerate()
        .map(|(i, name)| format!("{name} = {:.3}", result.traces.value(i, at).unwrap_or(0.0)))
        .collect();
    let weight = result.traces.value(names.len(), at).unwrap_or(0.0);
    let begin = result.task.learner.weight;
    let text = format!(
        "{:.1} ms: {}, w = {weight:.4} ({} so far)",
        at as f64 * DT_MS,
        values.join(", "),
        signed(f64::from(weight) - begin)
    );
    ui.add(egui::Label::new(RichText::new(text).font(theme::strong(13.5))).wrap());
    if small {
        let last = result.happenings.iter().rfind(|h| h.step <= at);
        let text = last.map_or_else(|| "No spike yet".to_owned(), sentence);
        ui.add(egui::Label::new(RichText::new(text).small()).wrap());
        return;
    }
    egui::ScrollArea::vertical().max_height(64.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for happening in &result.happenings {
            let past = happening.step <= at;
            let colour = if past { p.text } else { p.weak.gamma_multiply(0.7) };
            let text = RichText::new(sentence(happening)).small().color(colour);
            ui.add(egui::Label::new(text).wrap());
        }
    });
}

/// `50.0 ms, postsynaptic spike: meets x = 0.607; w 0.5000 → 0.5061 (+0.0061)`.
/// What the rule says times what is met is the change; where bounds make it another
/// one, both are given.
fn sentence(happening: &Happening) -> String {
    let who = match (happening.pre, happening.post) {
        (true, true) => "both neurons spike",
        (true, false) => "presynaptic spike",
        _ => "postsynaptic spike",
    };
    let met: Vec<String> = happening
        .met
        .iter()
        .map(|(name, value)| format!("{name} = {}", significant(*value)))
        .collect();
    let [before, after] = happening.weights;
    let (wanted, got) = (happening.change, after - before);
    // The weight is a number of 24 binary digits.
    let bounded = (wanted - got).abs() > 1e-6 + 1e-3 * wanted.abs();
    let change = if bounded {
        format!("{}, {} by the bounds", signed(wanted), signed(got))
    } else {
        signed(wanted)
    };
    format!(
        "{:.1} ms, {who}: meets {}; w {before:.4} → {after:.4} ({change})",
        happening.step as f64 * DT_MS,
        met.join(", "),
    )
}

/// Three digits of a number, however small.
fn significant(value: f64) -> String {
    match value.abs() {
        0.0 => "0.000".into(),
        x if x >= 0.1 => format!("{value:.3}"),
        x if x >= 0.01 => format!("{value:.4}"),
        x if x >= 0.001 => format!("{value:.5}"),
        _ => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::rng::Rng;
    use crate::snn::experiments::pairing::{FREE, Learner};
    use crate::snn::experiments::story::{StoryTask, run};
    use crate::snn::params::Config;
    use crate::snn::plasticity::RULES;
    use crate::ui::workspaces::plasticity::story::snapped;

    /// A number as shown, and half a unit of its last digit.
    fn shown(text: &str) -> (f64, f64) {
        let value: f64 = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        let (digits, power) = text.split_once('e').unwrap_or((text, "0"));
        let decimals = digits.split_once('.').map_or(0, |(_, d)| d.len()) as i32;
        (value, 0.5 * 10f64.powi(power.parse::<i32>().unwrap() - decimals))
    }

    /// The change that the rule makes of what is met, and how far it may be off
    /// because these are rounded.
    fn by_rule(rule: &str, by_pre: bool, met: &[(f64, f64)]) -> (f64, f64) {
        let change = |x: &[f64]| match (rule, by_pre) {
            ("pair", true) => -0.0105 * x[0],
            ("pair", false) => 0.01 * x[0],
            ("triplet", true) => -x[1] * (7e-3 + 2.3e-4 * x[0]),
            ("triplet", false) => x[0] * (5e-10 + 6.2e-3 * x[1]),
            ("contrastive", _) => 0.01 * x[0],
            ("diehl_cook", true) => -1e-4 * x[0],
            ("diehl_cook", false) => 1e-2 * x[0] * x[1],
            _ => 0.01 * x[0] * x[1],
        };
        let values: Vec<f64> = met.iter().map(|m| m.0).collect();
        let off = (0..met.len()).map(|i| {
            let mut moved = values.clone();
            moved[i] += met[i].1;
            (change(&moved) - change(&values)).abs()
        });
        (change(&values), 1.1 * off.sum::<f64>())
    }

    /// A postsynaptic spike in the step of a presynaptic one was said to meet
    /// x = 0.000 and to change w by +0.0100.
    #[test]
    fn the_change_shown_is_the_rule_s_formula_of_the_traces_shown() {
        let mut rng = Rng::stream(3, "sentences", 0);
        for rule in RULES {
            for _ in 0..20 {
                let mut draw = |n: usize| -> Vec<f64> {
                    (0..n).map(|_| snapped(f64::from(rng.range(2.0, 60.0)))).collect()
                };
                let (mut pre_ms, post_ms) = (draw(3), draw(4));
                pre_ms.push(post_ms[0]);
                let learner = Learner { rule: Config::new(rule.id), bounds: FREE, weight: 0.5 };
                let task = StoryTask { learner, pre_ms, post_ms, duration_ms: 150.0 };
                for happening in run(&task).unwrap().happenings {
                    let text = sentence(&happening);
                    let (met, rest) =
                        text.split_once("meets ").unwrap().1.split_once("; w").unwrap();
                    let met: Vec<(f64, f64)> =
                        met.split(", ").map(|m| shown(m.split_once(" = ").unwrap().1)).collect();
                    let change = rest.split_once('(').unwrap().1.trim_end_matches(')');
                    let (change, last) = shown(change);
                    let (want, off) = by_rule(rule.id, happening.pre, &met);
                    assert!(
                        (change - want).abs() <= off + last + 1e-9,
                        "{}: {text}: {want}",
                        rule.id
                    );
                }
            }
        }
    }

    #[test]
    fn bounds_that_change_the_change_are_said() {
        let happening = Happening {
            step: 100,
            pre: false,
            post: true,
            met: vec![("x", 0.6065)],
            change: 0.006_065,
            weights: [0.5, 0.503_032_5],
        };
        assert_eq!(
            sentence(&happening),
            "50.0 ms, postsynaptic spike: meets x = 0.607; w 0.5000 → 0.5030 (+0.0061, +0.0030 by the bounds)"
        );
    }
}
