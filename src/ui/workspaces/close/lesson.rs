//! What saved scenes and lessons ask of the workspace: whether the answer is there, and the
//! beginning of a game.

use super::Close;
use super::settings::CloseTab;
use crate::ui::desk::Desk;

impl Close {
    /// Whether the board was read, and nothing waits for digits.
    pub(super) fn is_current(&self) -> bool {
        self.read && !self.begins && self.wanted.is_none()
    }

    /// Begins a game, unless one is played or its result looked at.
    pub(super) fn start(&mut self, desk: &mut Desk) {
        if self.kept.tab == CloseTab::You && self.game.is_none() {
            self.begins = true;
            self.new_game(desk);
        }
    }
}
