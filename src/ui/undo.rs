//! Undo for one workspace: its settings and, where it is in view, the digit, in the
//! order in which they were changed.

use std::mem::Discriminant;
use std::time::{Duration, Instant};

use super::command::DigitEdit;
use super::digit::Digit;

/// Changes that are kept.
const MOST: usize = 100;
/// Edits of one kind that follow each other so soon are one change: a slider that is
/// dragged.
const ONE_CHANGE: Duration = Duration::from_millis(700);

/// What there is to take back.
enum Change<S> {
    /// The settings as they were.
    Settings(S),
    /// The digit, which keeps what it was.
    Digit,
}

/// The changes of one workspace.
pub struct Undo<S> {
    done: Vec<Change<S>>,
    undone: Vec<Change<S>>,
    last: Option<(u64, Instant)>,
}

impl<S> Default for Undo<S> {
    fn default() -> Self {
        Self { done: Vec::new(), undone: Vec::new(), last: None }
    }
}

impl<S: Clone> Undo<S> {
    /// Notes that settings changed by an edit of this kind; `before` is what they were.
    pub fn changed<E>(&mut self, before: S, kind: &Discriminant<E>) {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let kind = BuildHasherDefault::<DefaultHasher>::default().hash_one(kind);
        let now = Instant::now();
        let goes_on = self.last.is_some_and(|(k, t)| k == kind && now - t < ONE_CHANGE);
        self.last = Some((kind, now));
        if !goes_on {
            self.push(Change::Settings(before));
        }
    }

    /// Notes that all settings were replaced at once.
    pub fn replaced(&mut self, before: S) {
        self.last = None;
        self.push(Change::Settings(before));
    }

    /// Notes a change that the digit keeps.
    pub fn digit_changed(&mut self) {
        self.last = None;
        self.push(Change::Digit);
    }

    fn push(&mut self, change: Change<S>) {
        self.undone.clear();
        self.done.push(change);
        if self.done.len() > MOST {
            self.done.remove(0);
        }
    }

    /// Takes the last change back, or does the last one taken back again. Gives the
    /// settings to go to; a change of the digit is made at once. `digit` is given
    /// where it is in view: with no change noted here, its last one is taken.
    pub fn travel(&mut self, back: bool, now: &S, mut digit: Option<&mut Digit>) -> Option<S> {
        self.last = None;
        let (from, to) = if back {
            (&mut self.done, &mut self.undone)
        } else {
            (&mut self.undone, &mut self.done)
        };
        match from.pop() {
            Some(Change::Settings(kept)) => {
                to.push(Change::Settings(now.clone()));
                Some(kept)
            }
            change => {
                if let Some(digit) = digit.as_mut() {
                    digit.edit(&if back { DigitEdit::Undo } else { DigitEdit::Redo });
                    if change.is_some() {
                        to.push(Change::Digit);
                    }
                }
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy)]
    enum Edit {
        A,
        B,
    }

    fn kind(edit: Edit) -> Discriminant<Edit> {
        std::mem::discriminant(&edit)
    }

    #[test]
    fn a_drag_is_one_change_and_every_change_comes_back() {
        let mut undo = Undo::default();
        undo.changed(1, &kind(Edit::A));
        undo.changed(2, &kind(Edit::A));
        undo.changed(3, &kind(Edit::B));
        assert_eq!(undo.travel(true, &4, None), Some(3));
        assert_eq!(undo.travel(true, &3, None), Some(1));
        assert_eq!(undo.travel(true, &1, None), None);
        assert_eq!(undo.travel(false, &1, None), Some(3));
        undo.changed(3, &kind(Edit::A));
        assert_eq!(undo.travel(false, &5, None), None);
    }

    #[test]
    fn the_digit_and_the_settings_are_taken_back_in_their_order() {
        let (mut undo, mut digit) = (Undo::default(), Digit::default());
        let mut draw = |undo: &mut Undo<i32>, x| {
            digit.edit(&DigitEdit::PenDown([x, 0.5]));
            digit.edit(&DigitEdit::PenUp);
            undo.digit_changed();
        };
        draw(&mut undo, 0.2);
        undo.changed(7, &kind(Edit::A));
        draw(&mut undo, 0.4);
        assert_eq!(undo.travel(true, &8, Some(&mut digit)), None);
        assert_eq!(digit.strokes().len(), 1);
        assert_eq!(undo.travel(true, &8, Some(&mut digit)), Some(7));
        assert_eq!(undo.travel(true, &7, Some(&mut digit)), None);
        assert!(digit.is_blank());
        assert_eq!(undo.travel(false, &7, Some(&mut digit)), None);
        assert_eq!(digit.strokes().len(), 1);
    }
}
