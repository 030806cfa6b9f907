//! What the workspace keeps over a restart.

use serde::{Deserialize, Serialize};

use crate::core::bounds::{ANY, Bounded, Bounds, SHARE, Span};
use crate::scoreboard::board::Kind;
use crate::scoreboard::criteria::Group;
use crate::ui::workspace::Settings;

/// The views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CloseTab {
    /// The table.
    #[default]
    Profiles,
    /// Two subjects on common axes.
    Beside,
    /// What is behind a cell.
    Measurement,
    /// The reader's own weights.
    Weigh,
    /// The game.
    You,
}

/// What a criterion counts for the reader.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weight {
    /// The criterion's id.
    pub criterion: String,
    /// From 0 to 1.
    pub weight: f64,
    /// What is closer to a brain, where the criterion does not say: a word of its cells,
    /// `more` or `less`; empty before the reader has chosen.
    pub closer: String,
}

/// What is kept over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CloseSettings {
    /// The view chosen.
    pub tab: CloseTab,
    /// Columns shown: 0 for all, else the place in [`Group::ALL`] and one.
    pub group: usize,
    /// Rows shown: of this kind, or of all.
    pub kind: Option<Kind>,
    /// Rows shown: with this text in their names.
    pub find: String,
    /// Id of the criterion that rows are sorted by; empty for the order of the story.
    pub sort: String,
    /// Whether small numbers come first.
    pub rising: bool,
    /// Ids of the two subjects side by side; empty for none.
    pub pins: [String; 2],
    /// The cell looked at: ids of subject and criterion.
    pub subject: String,
    pub criterion: String,
    /// The criterion whose curves stand beside the profiles.
    pub curve: String,
    /// What criteria count; those that are not listed count nothing.
    pub weights: Vec<Weight>,
    /// Which digits the game shows.
    pub seed: u64,
}

impl CloseSettings {
    /// Places of groups.
    pub const GROUP: Span = (0.0, Group::ALL.len() as f64);
    /// What criteria may count.
    pub const WEIGHT: Span = SHARE;
    /// Letters to look for.
    pub const MOST_LETTERS: usize = 40;
    /// More criteria than there are.
    const MOST_WEIGHTS: usize = 100;

    /// What the reader has said of the criterion, if anything.
    pub fn weight(&self, criterion: &str) -> Option<&Weight> {
        self.weights.iter().find(|w| w.criterion == criterion)
    }

    /// The same, to be changed.
    pub fn weight_mut(&mut self, criterion: &str) -> &mut Weight {
        let known = self.weights.iter().position(|w| w.criterion == criterion);
        let at = known.unwrap_or(self.weights.len());
        if known.is_none() {
            self.weights.push(Weight { criterion: criterion.to_owned(), ..Weight::default() });
        }
        &mut self.weights[at]
    }
}

/// Whether subject or criterion could have this id; what it names may be gone.
fn is_id(id: &str) -> bool {
    id.len() <= 160 && !id.chars().any(char::is_control)
}

impl Bounded for CloseSettings {
    fn bound(&mut self, to: &mut Bounds) {
        let Self {
            tab: _,
            group,
            kind: _,
            find,
            sort,
            rising: _,
            pins: [a, b],
            subject,
            criterion,
            curve,
            weights,
            seed,
        } = self;
        to.number("group", group, Self::GROUP);
        let short = |text: &str| text.chars().count() <= Self::MOST_LETTERS && is_id(text);
        to.id("find", find, short, "");
        let ids =
            [("sort", sort), ("a", a), ("b", b), ("subject", subject), ("criterion", criterion)];
        for (name, id) in ids.into_iter().chain([("curve", curve)]) {
            to.id(name, id, is_id, "");
        }
        to.list("weights", weights, Self::MOST_WEIGHTS, |to, i, weight| {
            to.inside(i, |to| {
                let Weight { criterion, weight, closer } = weight;
                to.id("closer", closer, is_id, "");
                to.id("criterion", criterion, is_id, "");
                to.number("weight", weight, Self::WEIGHT);
            });
        });
        to.number("seed", seed, ANY);
    }
}

impl Default for CloseSettings {
    fn default() -> Self {
        Self {
            tab: CloseTab::default(),
            group: 0,
            kind: None,
            find: String::new(),
            sort: String::new(),
            rising: false,
            pins: [String::new(), String::new()],
            subject: String::new(),
            criterion: String::new(),
            curve: String::new(),
            weights: Vec::new(),
            seed: 1,
        }
    }
}

impl Settings for CloseSettings {
    #[cfg(test)]
    fn full() -> Self {
        Self {
            kind: Some(Kind::Rule),
            weights: vec![Weight { criterion: "noise".into(), weight: 0.5, closer: "more".into() }],
            ..Self::default()
        }
    }
}
