//! The arguments; their comments are the help that `--help` prints.

mod bench;
mod data;

use std::ffi::OsString;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand};

pub use bench::{
    BenchArgs, BenchEngine, BenchRulesArgs, BenchSpikingArgs, BenchSpikingTrainingArgs,
    BenchTrainArgs, BenchWhat,
};
pub use data::{
    AddArgs, DataAction, DataArgs, DownloadArgs, ExportArgs, FolderArgs, ListArgs, RemoveArgs,
};

use super::convert::ConvertArgs;
use super::export::ExportArgs as ExportNetworkArgs;
use super::film::FilmArgs;
use super::imagine::ImagineArgs;
use super::import::ImportArgs;
use super::lesson::LessonArgs;
use super::output::Format;
use super::rules::RulesArgs;
use super::scoreboard::ScoreboardArgs;
use super::simulate::args::SimulateArgs;
use super::values::{
    all_models, askable, choice, count, devices, models, optimisers, rules, sets, sources, threads,
    trainable, workspaces,
};
use crate::data::augment::Augmentation;
use crate::data::orient::Orientation;
use crate::ui::scene::Look;
use crate::ui::session::ThemeChoice;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  spikescope                              open the window
  spikescope --projector                  open it for a lecture hall
  spikescope data download                fetch MNIST (12 MB)
  spikescope evaluate                     accuracy of every network on MNIST's test set
  spikescope train mlp --epochs 5         train a network
  spikescope simulate diehl-cook          let a spiking network learn digits by STDP
  spikescope convert cnn3                 the same network in spikes: accuracy against time
  spikescope import lenet.onnx            take over a network of PyTorch's or Keras'
  spikescope classify five.png            ask the networks about a picture
  spikescope imagine --dream --out d.png  let a network dream up digits
  spikescope scoreboard                   how close to the brain: every network, every criterion
  spikescope lesson check mine.md         check a lesson that you have written
  spikescope film a.spikescope --out a.gif  film a scene along its time bar

`spikescope COMMAND --help` says more about each. Where things are kept:
  SPIKESCOPE_HOME     runs, downloads and settings (default: the user's data folder)
  SPIKESCOPE_MNIST    the folder with MNIST
  RUST_LOG            what to log on stderr, for example RUST_LOG=spikescope=debug";

/// How close are artificial neural networks to the brain?
///
/// Draw a digit and watch every kind of network answer; train networks and watch them learn.
/// Without a command, Spikescope opens its window.
#[derive(Parser, Debug)]
#[command(
    name = "spikescope",
    version,
    styles = STYLES,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct SpikescopeArgs {
    #[command(flatten)]
    pub window: WindowArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Reads the arguments, the program's name first.
///
/// # Errors
/// Help and version are errors too, for clap.
pub fn parse(arguments: impl Iterator<Item = OsString>) -> Result<SpikescopeArgs, clap::Error> {
    SpikescopeArgs::try_parse_from(arguments)
}

#[derive(Subcommand, Debug)]
pub enum Command {
    Open(OpenArgs),
    Train(TrainArgs),
    Rules(RulesArgs),
    Evaluate(EvaluateArgs),
    Classify(ClassifyArgs),
    Imagine(Box<ImagineArgs>),
    Data(DataArgs),
    Models(ModelsArgs),
    Devices(DevicesArgs),
    Simulate(SimulateArgs),
    Convert(Box<ConvertArgs>),
    Import(ImportArgs),
    Export(ExportNetworkArgs),
    Scoreboard(ScoreboardArgs),
    Lesson(LessonArgs),
    Bench(BenchArgs),
    Tour(TourArgs),
    Film(FilmArgs),
}

/// Options of the window.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of the window")]
pub struct WindowArgs {
    /// The folder with MNIST's four files, gzipped or not
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// Large type, thick strokes, light background, pressed keys shown
    #[arg(long)]
    pub projector: bool,
    /// Colours [default: as last time]
    #[arg(long, value_name = "THEME", value_parser = choice(&[
        ("light", "", ThemeChoice::Light),
        ("dark", "", ThemeChoice::Dark),
        ("system", "As the desktop is set", ThemeChoice::System),
    ]))]
    pub theme: Option<ThemeChoice>,
    /// Where to begin [default: as last time]
    #[arg(long, value_name = "NAME", value_parser = workspaces())]
    pub workspace: Option<String>,
    /// Draw with the software adapter even if there is a graphics card
    #[arg(long)]
    pub software: bool,
}

/// Open the window with a file: a scene, or whatever can be dropped on it
///
/// Scenes are saved in the window (Ctrl+S, or the menu Scene); `spikescope tour --scene FILE`
/// draws one as a picture. Pictures of digits, spikes, networks as NIR or ONNX and data sets are
/// opened as if they were dropped on the window.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope open lecture.spikescope
  spikescope open lecture.spikescope --projector
  spikescope open network.nir")]
pub struct OpenArgs {
    /// The file
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub window: WindowArgs,
}

/// Train a network from scratch, or go on with a run
///
/// Each epoch prints a line. The run is kept in a folder of its own, with a checkpoint after each
/// epoch and every few seconds, so that a run that was interrupted (even by a power cut) can be
/// gone on with: here with --resume, or in the window. What comes out depends on the seed, the
/// settings and the number of threads, and on nothing else.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  spikescope train mlp --data synthetic --epochs 2
  spikescope train --all                        every network and ensemble, half an hour
  spikescope train cnn3 --subset 10000 --optimiser adam --out my-cnn3.safetensors
  spikescope train cnn1 --device cuda           on a graphics card, in a build that has it
  spikescope train --resume last")]
pub struct TrainArgs {
    /// The network: one of these, or dense layers of any width, such as dense-500-500,
    /// dense-800-tanh, settling-500 (equilibrium propagation), goodness-500-500 (forward–forward);
    /// networks of spikes by their sizes, such as lif-512-256-t25-tau10, lif-conv-32-64-128-t8,
    /// lif-recurrent-256, first-spike-800, or convolutions of so many maps that learn by STDP,
    /// such as stdp-32-150 or reward-32-150; eprop is lif-dense by that rule; two layers of latent
    /// variables, such as energy-500-100
    #[arg(value_name = "MODEL", value_parser = trainable(),
        required_unless_present_any = ["resume", "all"])]
    pub model: Option<String>,
    /// Train every network by the report's recipe, then fit the ensembles; what is done already
    /// is kept, so it can be stopped and started again. --out names the folder of the weights
    #[arg(long, conflicts_with_all =
        ["model", "resume", "subset", "batch_size", "rule", "set", "optimiser", "learning_rate", "seed",
         "validation", "json"])]
    pub all: bool,
    /// With --all: take the ten networks that lie in --out as they are, however they were trained
    /// on these digits, and only test them and fit the ensembles
    #[arg(long, requires = "all", conflicts_with_all = ["epochs", "augment", "average"])]
    pub fit_only: bool,
    /// Go on with this run (its name as printed at its start, or `last`)
    #[arg(long, value_name = "RUN", conflicts_with_all =
        ["model", "data", "epochs", "subset", "batch_size", "rule", "set", "optimiser", "learning_rate", "seed",
         "augment", "average", "validation"])]
    pub resume: Option<String>,
    /// The digits to learn from
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// How often to go through the images [default: as in the report]
    #[arg(long, value_name = "N", value_parser = count)]
    pub epochs: Option<NonZeroUsize>,
    /// Learn from the first N images only [default: all]
    #[arg(long, value_name = "N", value_parser = count)]
    pub subset: Option<NonZeroUsize>,
    /// Images per update of the weights [default: 32, for networks that spike 100]
    #[arg(long, value_name = "N", value_parser = count)]
    pub batch_size: Option<NonZeroUsize>,
    /// How the errors of a layer are made; `spikescope rules --list` tells which there are
    /// [default: backpropagation, for networks that spike their own]
    #[arg(long, value_name = "NAME", value_parser = rules())]
    pub rule: Option<String>,
    /// How weights are updated [default: adadelta, with another rule what suits it]
    #[arg(long, value_name = "NAME", value_parser = optimisers())]
    pub optimiser: Option<String>,
    /// A parameter of the optimiser or the rule, NAME=VALUE; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::rules::assignment)]
    pub set: Vec<(String, f64)>,
    /// Its learning rate [default: the optimiser's usual one]
    #[arg(long, value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// Change each digit a little each time: `usual`, or some of
    /// shift=PX,rotation=DEGREES,scale=SHARE,elastic=PX,unchanged=SHARE
    #[arg(long, value_name = "WHAT", default_value_t = Augmentation::default())]
    pub augment: Augmentation,
    /// Take the mean of the weights over the last N epochs instead of the last weights
    /// [default: 0; with --all as for the bundled weights]
    #[arg(long, value_name = "N")]
    pub average: Option<usize>,
    /// Share of the images that is held out for validation, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 2.0)]
    pub validation: f64,
    /// Where the random numbers begin: initial weights, shuffling, dropout
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    /// Where to compute; `spikescope devices` tells which there are. With --resume, the run goes
    /// on there [default: cpu, or where the run was]
    #[arg(long, value_name = "NAME", value_parser = devices())]
    pub device: Option<String>,
    /// Save a checkpoint at least this often
    #[arg(long, value_name = "SECONDS", default_value = "20")]
    pub checkpoint_every: NonZeroU64,
    /// Limit on disk of the run's history, in MB; 0 keeps none
    #[arg(long, value_name = "MB", default_value = "300")]
    pub history: u64,
    /// Batches from one snapshot of the history to the next [default: as the length of the run asks]
    #[arg(long, value_name = "BATCHES")]
    pub snapshot_every: Option<NonZeroU64>,
    /// Also write the trained weights to this file (with --all: this folder)
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write that file in half precision, and test the network so
    #[arg(long, requires = "out", conflicts_with = "all")]
    pub half: bool,
    #[command(flatten)]
    pub format: Format,
}

/// Print how often networks are right on digits they have never seen
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope evaluate                                   every network on MNIST's 10,000 test images
  spikescope evaluate mlp --data synthetic              one network on generated digits, no download
  spikescope evaluate --images a-idx3 --labels a-idx1   any pair of IDX files of 28×28 digits
  spikescope evaluate --images emnist-idx3 --labels emnist-idx1 --transpose
                                                        stored column by column, as EMNIST's are
  spikescope evaluate --weights mine.safetensors        weights that you have trained")]
pub struct EvaluateArgs {
    /// The networks [default: all that are in the box]
    #[arg(value_name = "MODEL", value_parser = all_models())]
    pub models: Vec<String>,
    /// Weights from a file (may be given several times)
    #[arg(long, value_name = "FILE")]
    pub weights: Vec<PathBuf>,
    /// Of the bundled networks only this set
    #[arg(long, value_name = "SET", value_parser = sets())]
    pub set: Option<String>,
    /// The digits to ask about
    #[arg(long, value_name = "SET", value_parser = sources(), default_value = "mnist")]
    pub data: String,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// IDX file of 28×28 pictures, gzipped or not
    #[arg(long, value_name = "FILE", requires = "labels", conflicts_with_all = ["data", "mnist"])]
    pub images: Option<PathBuf>,
    /// IDX file of their labels
    #[arg(long, value_name = "FILE", requires = "images")]
    pub labels: Option<PathBuf>,
    #[command(flatten)]
    pub turn: Turn,
    /// Threads to compute on [default: one per core]
    #[arg(long, value_name = "N", value_parser = threads())]
    pub threads: Option<NonZeroUsize>,
    #[command(flatten)]
    pub format: Format,
}

/// How pictures are turned before they are shown, in this order.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct Turn {
    /// Exchange rows and columns of the pictures first
    #[arg(long)]
    pub transpose: bool,
    /// Exchange left and right of the pictures
    #[arg(long)]
    pub mirror: bool,
    /// Exchange top and bottom of the pictures
    #[arg(long)]
    pub flip: bool,
    /// Exchange dark and light: for dark ink on light paper
    #[arg(long)]
    pub invert: bool,
}

impl Turn {
    /// The same for the pictures.
    pub fn orientation(self) -> Orientation {
        let Self { transpose, mirror, flip, invert } = self;
        Orientation { transpose, mirror, flip, invert }
    }

    /// The options that ask for it.
    pub fn options(o: Orientation) -> Vec<String> {
        let all = [
            (o.transpose, "--transpose"),
            (o.mirror, "--mirror"),
            (o.flip, "--flip"),
            (o.invert, "--invert"),
        ];
        all.into_iter().filter(|a| a.0).map(|a| a.1.to_owned()).collect()
    }
}

/// Ask the networks about pictures or drawings of digits
///
/// PNG or JPEG of any size, dark on light, light on dark or in another colour; or a drawing, JSON
/// of the form {"strokes": [[[x, y], …], …]} at any scale, x to the right, y down. Each digit is
/// cropped, scaled and centred as MNIST's are, exactly as on the window's canvas. Ruled lines,
/// frames and underlines are left out; several digits on a picture are answered one by one, from
/// left to right, from top to bottom.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope classify photo.jpg scan.png
  spikescope classify drawing.json --model mlp --json
  spikescope classify photo.jpg --model all --model diehl-cook-400
  spikescope classify photo.jpg --seen seen/      also write the 28×28 pictures that they saw")]
pub struct ClassifyArgs {
    /// The pictures (.png, .jpg) and drawings (.json)
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    /// Which set of the bundled networks
    #[arg(long, value_name = "SET", value_parser = sets(), default_value = "report")]
    pub set: String,
    /// Ask only this network, ensemble or spiking network (may be given several times)
    /// [default: all bundled networks that do not spike, and their ensembles]
    #[arg(long = "model", value_name = "MODEL", value_parser = askable())]
    pub models: Vec<String>,
    /// Weights from a file (may be given several times)
    #[arg(long, value_name = "FILE")]
    pub weights: Vec<PathBuf>,
    /// Write the 28×28 pictures that the networks saw to this folder, as PNG
    #[arg(long, value_name = "DIR")]
    pub seen: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// Describe the networks: their layers, sizes and what they cost
///
/// Shape of what comes out of each layer, trained numbers, multiplications with addition for one
/// picture, and the operations (FLOP) that an answer and a training image take.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope models               a line for each
  spikescope models cnn1 rnn3     layer by layer")]
pub struct ModelsArgs {
    /// The networks to describe layer by layer [default: a line for each]
    #[arg(value_name = "MODEL", value_parser = models())]
    pub models: Vec<String>,
    #[command(flatten)]
    pub format: Format,
}

/// Say where networks can be trained: on the processor, on a graphics card
#[derive(Args, Debug)]
pub struct DevicesArgs {
    #[command(flatten)]
    pub format: Format,
}

/// Render every workspace to PNG files; needs no display
#[derive(Args, Debug)]
pub struct TourArgs {
    /// The folder to write to
    #[arg(long, value_name = "DIR", default_value = "tour")]
    pub out: PathBuf,
    /// The folder with MNIST's four files
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    /// Draw this saved scene instead; can be given several times
    #[arg(long, value_name = "FILE")]
    pub scene: Vec<PathBuf>,
    /// How large and bright saved scenes are drawn
    #[arg(long, value_name = "LOOK", default_value = "light", value_parser = choice(&[
        ("light", "A laptop's window, 1280 × 800", Look::Light),
        ("dark", "The same, dark", Look::Dark),
        ("projector", "A projector, 1024 × 768", Look::Projector),
    ]))]
    pub look: Look,
    #[command(flatten)]
    pub format: Format,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declarations_are_consistent() {
        SpikescopeArgs::command().debug_assert();
    }

    #[test]
    fn every_command_and_argument_has_its_help() {
        fn check(command: &clap::Command) {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {argument}", command.get_name());
            }
            command.get_subcommands().for_each(check);
        }
        check(&SpikescopeArgs::command());
    }
}
