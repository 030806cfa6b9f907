//! The `clicks` thread: plays a click for each spike that the time bar passes. It only
//! decides when; [`output`] lets the sound card ask for samples on a thread of its own,
//! and [`synth`] makes them.
//!
//! Spikes are played only while they can be told apart: clicks are at least some
//! milliseconds apart, and when far more spikes pass than that, none is played.

#[cfg(target_os = "linux")]
mod output;
mod synth;

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::events::{Event, Events};
use crate::snn::recording::Recording;
use synth::Mixer;

/// Whether this system's sound can be used: where there is none, nothing is offered.
pub const AVAILABLE: bool = cfg!(target_os = "linux");
/// Messages that may wait; a frame of the window that finds the queue full is not
/// heard.
const QUEUE: usize = 16;
/// A sound card that asks for nothing for so long is gone.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the time bar has passed.
#[derive(Clone, Debug)]
pub struct Passage {
    pub recording: Arc<Recording>,
    pub steps: Range<u64>,
    /// In so much wall time.
    pub seconds: f64,
}

enum Message {
    Switch,
    Passed(Passage),
}

/// The thread, from the window's side. Dropped, it ends by itself.
pub struct Clicks {
    queue: SyncSender<Message>,
    on: Arc<AtomicBool>,
}

impl Clicks {
    /// Starts the thread, silent.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn start(events: Events) -> std::io::Result<Self> {
        let (queue, messages) = sync_channel(QUEUE);
        let on = Arc::<AtomicBool>::default();
        let wanted = Arc::clone(&on);
        let builder = std::thread::Builder::new().name("clicks".into());
        builder.spawn(move || work(&messages, &wanted, &events, &open))?;
        Ok(Self { queue, on })
    }

    /// Whether spikes are heard. Falls back to `false` where there is no sound card.
    pub fn is_on(&self) -> bool {
        self.on.load(Relaxed)
    }

    /// Lets them be heard, or no longer.
    pub fn set_on(&self, on: bool) {
        self.on.store(on, Relaxed);
        // A full queue is worked through, and the switch looked at, at once.
        let _ = self.queue.try_send(Message::Switch);
    }

    /// Tells what the time bar has passed.
    pub fn passed(&self, passage: Passage) {
        if self.is_on() {
            let _ = self.queue.try_send(Message::Passed(passage));
        }
    }
}

/// What plays a mixer, as long as it is held.
type Player = Box<dyn std::any::Any>;
/// Begins to play.
type Open = dyn Fn(Arc<Mutex<Mixer>>) -> Result<Player, String>;

#[cfg(target_os = "linux")]
fn open(mixer: Arc<Mutex<Mixer>>) -> Result<Player, String> {
    output::Output::open(mixer).map(|output| Box::new(output) as Player)
}

#[cfg(not(target_os = "linux"))]
fn open(_: Arc<Mutex<Mixer>>) -> Result<Player, String> {
    Err("this version has no sound on this system".to_owned())
}

fn lock(mixer: &Mutex<Mixer>) -> MutexGuard<'_, Mixer> {
    mixer.lock().unwrap_or_else(PoisonError::into_inner)
}

fn work(messages: &Receiver<Message>, on: &AtomicBool, events: &Events, open: &Open) {
    let mut playing: Option<(Arc<Mutex<Mixer>>, Player)> = None;
    let (mut asked, mut looked) = (0, Instant::now());
    let failed = |reason: &str| {
        on.store(false, Relaxed);
        let text = format!(
            "Spikes cannot be heard: {reason}. Clicks are off again; everything else goes on."
        );
        events.send(Event::Failure(text));
    };
    loop {
        let message = messages.recv_timeout(PATIENCE);
        match (on.load(Relaxed), &playing) {
            (false, _) => playing = None,
            (true, None) => {
                let mixer = Arc::new(Mutex::new(Mixer::default()));
                match open(Arc::clone(&mixer)) {
                    Ok(player) => {
                        (playing, asked, looked) = (Some((mixer, player)), 0, Instant::now());
                    }
                    Err(reason) => failed(&reason),
                }
            }
            (true, Some(_)) => {}
        }
        match message {
            Ok(Message::Passed(passage)) => {
                if let Some((mixer, _)) = &playing {
                    hear(mixer, &passage);
                }
            }
            Ok(Message::Switch) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if let Some((mixer, _)) = &playing
            && looked.elapsed() >= PATIENCE
        {
            let now = lock(mixer).now();
            if now == asked {
                playing = None;
                failed("the sound server no longer takes anything");
            }
            (asked, looked) = (now, Instant::now());
        }
    }
}

/// Has the spikes of a passage clicked in its time.
fn hear(mixer: &Mutex<Mixer>, passage: &Passage) {
    let Passage { recording, steps, seconds } = passage;
    let length = steps.end.saturating_sub(steps.start).max(1) as f64;
    let spikes = recording.count(steps.clone());
    let share = |step: u64| (step - steps.start) as f64 / length;
    let clicks: Vec<(f64, u32)> = if synth::can_be_heard(spikes, *seconds) {
        recording.spikes(steps.clone()).map(|(step, neuron)| (share(step), neuron)).collect()
    } else {
        Vec::new()
    };
    lock(mixer).pass(&clicks, *seconds);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> (Events, Receiver<Event>) {
        let (sender, receiver) = sync_channel(8);
        (Events::new(sender, Arc::new(|| {})), receiver)
    }

    /// Runs the thread's work with such a sound card.
    fn with(
        open: &'static (dyn Fn(Arc<Mutex<Mixer>>) -> Result<Player, String> + Sync),
    ) -> (Clicks, Receiver<Event>) {
        let ((events, told), (queue, messages)) = (events(), sync_channel(QUEUE));
        let on = Arc::<AtomicBool>::default();
        let wanted = Arc::clone(&on);
        std::thread::spawn(move || work(&messages, &wanted, &events, &open));
        (Clicks { queue, on }, told)
    }

    #[test]
    fn without_a_sound_card_the_switch_goes_back_and_says_why() {
        let (clicks, told) = with(&|_| Err("there is no sound server".to_owned()));
        assert!(!clicks.is_on());
        clicks.set_on(true);
        let Event::Failure(text) = told.recv_timeout(Duration::from_secs(20)).unwrap() else {
            panic!("a failure")
        };
        assert!(text.contains("no sound server") && text.contains("off again"), "{text}");
        assert!(!clicks.is_on());
    }

    #[test]
    fn a_sound_card_that_stops_asking_is_told_and_let_go() {
        static HELD: Mutex<Option<Arc<Mutex<Mixer>>>> = Mutex::new(None);
        let (clicks, told) = with(&|mixer| {
            *HELD.lock().unwrap() = Some(mixer);
            Ok(Box::new(()))
        });
        clicks.set_on(true);
        let mut recording = Recording::new(2, 0.5, 1 << 20);
        (0..10).for_each(|k| recording.push(k * 100, &[0]));
        let passage = Passage { recording: Arc::new(recording), steps: 0..1000, seconds: 0.5 };
        let begun = Instant::now();
        let mut samples = vec![0.0; 24_000];
        // The card asks twice, and hears the spikes; then it is gone.
        while HELD.lock().unwrap().is_none() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
        }
        clicks.passed(passage);
        let mixer = HELD.lock().unwrap().clone().unwrap();
        let mut heard = false;
        while !heard && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(2));
            lock(&mixer).fill(&mut samples);
            heard = samples.iter().any(|s| *s != 0.0);
        }
        assert!(heard);
        let told = told.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(matches!(told, Event::Failure(_)), "{told:?}");
        assert!(!clicks.is_on());
    }
}
