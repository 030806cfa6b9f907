//! Arguments of `spikescope data`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Turn;
use crate::cli::output::Format;

/// Fetch, check and describe the digits
#[derive(Args, Debug)]
pub struct DataArgs {
    #[command(subcommand)]
    pub action: DataAction,
}

#[derive(Subcommand, Debug)]
pub enum DataAction {
    Download(DownloadArgs),
    /// Say whether MNIST's four files are there and right
    Check(FolderArgs),
    /// Say what digits there are: their sources, sizes and classes
    Describe(FolderArgs),
    Export(ExportArgs),
    Add(AddArgs),
    /// List the data sets that you have added
    List(ListArgs),
    Remove(RemoveArgs),
}

/// Add a data set of your own: 28×28 grey pictures of 2 to 47 classes
///
/// A folder with the four IDX files that Fashion-MNIST, KMNIST and EMNIST come as, or one pair of
/// them; a CSV as Kaggle's digit recogniser has it (label,pixel0,…,pixel783; gzipped or not); or a
/// folder of pictures (PNG, JPEG, GIF) for each class. Without a test part, a tenth of each class
/// is held out. Digits that lie turned, as EMNIST's do, are put right. The pictures are copied
/// into Spikescope's data folder; train --data ID and evaluate --data ID take them from there.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope data add fashion/ --name Fashion-MNIST --classes fashion-mnist
  spikescope data add emnist/emnist-digits-train-images-idx3-ubyte.gz
  spikescope data add emnist/emnist-letters-train-images-idx3-ubyte.gz --name Letters
  spikescope data add train.csv --name kaggle
  spikescope data add shapes/ --scale           shapes/circle/1.png, shapes/square/1.png …")]
pub struct AddArgs {
    /// The folder, or one of the files
    #[arg(value_name = "PATH")]
    pub path: PathBuf,
    /// What to call it; its id follows from this [default: the name of the files]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// What its classes are called, in the order of the labels: A,B,C …; or digits, fashion-mnist,
    /// kmnist, emnist-letters, emnist-balanced [default: as a file classes.txt beside it says, or the folders' names, else digits]
    #[arg(long, value_name = "NAMES")]
    pub classes: Option<String>,
    /// Scale pictures in folders to 28×28 as they are, instead of framing what is drawn on them
    #[arg(long)]
    pub scale: bool,
    #[command(flatten)]
    pub turn: Turn,
    /// Keep the pictures as they are, even if they look turned
    #[arg(long, conflicts_with_all = ["transpose", "mirror", "flip", "invert"])]
    pub as_is: bool,
    #[command(flatten)]
    pub format: Format,
}

// No doc comment here: it would replace the help of the variant.
#[derive(Args, Debug)]
pub struct ListArgs {
    #[command(flatten)]
    pub format: Format,
}

/// Remove a data set that you have added; runs that were trained on it stay
#[derive(Args, Debug)]
pub struct RemoveArgs {
    /// Its id, as `data list` prints it
    #[arg(value_name = "ID")]
    pub id: String,
    #[command(flatten)]
    pub format: Format,
}

/// Fetch MNIST (12 MB), going on where an earlier try ended
///
/// Several mirrors are tried in turn, and every file is checked by its SHA-256.
#[derive(Args, Debug)]
pub struct DownloadArgs {
    /// Where to put it [default: where Spikescope looks for it]
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Fetch from this address instead (may be given several times)
    #[arg(long, value_name = "URL")]
    pub mirror: Vec<String>,
    #[command(flatten)]
    pub format: Format,
}

// No doc comment here: it would replace the help of the two variants.
#[derive(Args, Debug)]
pub struct FolderArgs {
    /// The folder with MNIST's four files [default: SPIKESCOPE_MNIST, else the downloaded one]
    #[arg(long, value_name = "DIR")]
    pub mnist: Option<PathBuf>,
    #[command(flatten)]
    pub format: Format,
}

/// Write digits as IDX files, for use in other programs: generated ones, or a data set of yours
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  spikescope data export --out digits/ --count 5000
  spikescope data export my-digits folder/")]
pub struct ExportArgs {
    /// A data set of your own, as `data list` prints it [default: generated digits]
    #[arg(value_name = "ID", requires = "folder", conflicts_with_all = ["out", "count", "seed"])]
    pub id: Option<String>,
    /// The folder to write it to
    #[arg(value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// The folder to write to
    #[arg(long, value_name = "DIR", required_unless_present = "id")]
    pub out: Option<PathBuf>,
    /// How many digits
    #[arg(long, value_name = "N", default_value = "10000",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub count: u32,
    /// Where the random numbers begin
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    #[command(flatten)]
    pub format: Format,
}
