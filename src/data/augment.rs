//! Augmentation: every time a digit is trained on, it is shifted, turned, scaled
//! and distorted a little, so that a network never sees quite the same image twice.
//!
//! Affine part: shift, rotation and scale about the image's centre. Elastic part:
//! each pixel is displaced by a smooth random field, noise smoothed by a Gaussian
//! of 4 pixels, as by an unsteady hand (Simard, Steinkraus and Platt 2003, who
//! used a field of about 1.4 pixels standard deviation).
//!
//! Resampling blurs a digit a little; a share of the digits can be left as they
//! are, so that a network sees sharp ones too.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::{Pixels, SIDE};
use crate::core::bounds::{Bounded, Bounds};
use crate::core::rng::Rng;

/// Width of the Gaussian that smooths the elastic field, pixels (Simard et al. 2003).
const SMOOTH_PX: f32 = 4.0;
/// Where the Gaussian is cut off.
const REACH: usize = 8;

/// How much digits are changed; all zero changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Augmentation {
    /// Shift along x and y, uniform in ± this, pixels.
    pub shift_px: f32,
    /// Rotation, uniform in ± this, degrees.
    pub rotation_deg: f32,
    /// Scale, uniform in 1 ± this.
    pub scale: f32,
    /// Standard deviation of the elastic displacement, pixels.
    pub elastic_px: f32,
    /// Share of the digits that stay as they are, each time drawn anew.
    pub unchanged: f32,
}

/// One of the settings.
#[derive(Debug)]
pub struct Setting {
    /// As in `--augment shift=2`.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// What is written before its value: a change goes both ways.
    pub sign: &'static str,
    /// Unit, with the space before it.
    pub unit: &'static str,
    /// Largest value; the smallest is zero.
    pub most: f32,
    /// What it does.
    pub doc: &'static str,
    get: fn(&mut Augmentation) -> &mut f32,
}

/// All settings.
pub static SETTINGS: &[Setting] = &[
    Setting {
        name: "shift",
        label: "Shift",
        sign: "± ",
        unit: " px",
        most: 8.0,
        doc: "Moves the digit by up to this much to any side",
        get: |a| &mut a.shift_px,
    },
    Setting {
        name: "rotation",
        label: "Rotation",
        sign: "± ",
        unit: "°",
        most: 45.0,
        doc: "Turns it by up to this much either way",
        get: |a| &mut a.rotation_deg,
    },
    Setting {
        name: "scale",
        label: "Scale",
        sign: "± ",
        unit: "",
        most: 0.5,
        doc: "Makes it larger or smaller by up to this share",
        get: |a| &mut a.scale,
    },
    Setting {
        name: "elastic",
        label: "Elastic",
        sign: "± ",
        unit: " px",
        most: 4.0,
        doc: "Distorts it smoothly, as an unsteady hand does: standard deviation of the displacement (Simard et al. 2003)",
        get: |a| &mut a.elastic_px,
    },
    Setting {
        name: "unchanged",
        label: "Left as they are",
        sign: "",
        unit: "",
        most: 0.9,
        doc: "Share of the digits that is left as it is, drawn anew each time: what is changed is a little blurred",
        get: |a| &mut a.unchanged,
    },
];

impl Bounded for Augmentation {
    fn bound(&mut self, to: &mut Bounds) {
        let Self { shift_px, rotation_deg, scale, elastic_px, unchanged } = self;
        let all = [
            ("shift_px", shift_px),
            ("rotation_deg", rotation_deg),
            ("scale", scale),
            ("elastic_px", elastic_px),
            ("unchanged", unchanged),
        ];
        // In the order of the settings, which a test compares.
        for ((name, value), setting) in all.into_iter().zip(SETTINGS) {
            to.number(name, value, (0.0, f64::from(setting.most)));
        }
    }
}

impl Setting {
    /// Its value.
    pub fn value(&self, mut of: Augmentation) -> f32 {
        *(self.get)(&mut of)
    }

    /// Changes it.
    pub fn set(&self, of: &mut Augmentation, value: f32) {
        *(self.get)(of) = value;
    }

    /// Whether a value is allowed.
    pub fn allows(&self, value: f32) -> bool {
        (0.0..=self.most).contains(&value)
    }
}

impl Augmentation {
    /// What is taken if nothing else is asked for.
    pub const USUAL: Self =
        Self { shift_px: 2.0, rotation_deg: 10.0, scale: 0.1, elastic_px: 1.0, unchanged: 0.5 };

    /// Whether it changes nothing.
    pub fn is_off(&self) -> bool {
        Self { unchanged: 0.0, ..*self } == Self::default()
    }

    /// A changed copy of a picture of 28×28 grey values (0 to 255). The same
    /// generator state gives the same copy.
    pub fn apply(&self, image: &[u8], rng: &mut Rng) -> Pixels {
        if self.unchanged > 0.0 && rng.range(0.0, 1.0) < self.unchanged {
            return std::array::from_fn(|i| f32::from(image[i]) / 255.0);
        }
        let around =
            |rng: &mut Rng, most: f32| if most > 0.0 { rng.range(-most, most) } else { 0.0 };
        let (dx, dy) = (around(rng, self.shift_px), around(rng, self.shift_px));
        let (sin, cos) = around(rng, self.rotation_deg).to_radians().sin_cos();
        let scale = 1.0 / (1.0 + around(rng, self.scale));
        let field = (self.elastic_px > 0.0).then(|| [(); 2].map(|()| smooth(rng, self.elastic_px)));
        let centre = (SIDE - 1) as f32 / 2.0;
        std::array::from_fn(|i| {
            let (x, y) = ((i % SIDE) as f32 - centre - dx, (i / SIDE) as f32 - centre - dy);
            let (ex, ey) = field.as_ref().map_or((0.0, 0.0), |[ex, ey]| (ex[i], ey[i]));
            // From where in the original this pixel comes.
            let from_x = centre + scale * (cos * x + sin * y) + ex;
            let from_y = centre + scale * (cos * y - sin * x) + ey;
            sample(image, from_x, from_y)
        })
    }
}

/// Between the four pixels around a point; nothing is beyond the edge.
fn sample(image: &[u8], x: f32, y: f32) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (fx, fy) = (x - left, y - top);
    let (left, top) = (left as i32, top as i32);
    let at = |x: i32, y: i32| {
        let inside = |c: i32| (0..SIDE as i32).contains(&c);
        if inside(x) && inside(y) { f32::from(image[y as usize * SIDE + x as usize]) } else { 0.0 }
    };
    let row = |y: i32| (1.0 - fx) * at(left, y) + fx * at(left + 1, y);
    ((1.0 - fy) * row(top) + fy * row(top + 1)) / 255.0
}

/// A smooth random field of this standard deviation.
fn smooth(rng: &mut Rng, deviation: f32) -> Pixels {
    static KERNEL: OnceLock<[f32; 2 * REACH + 1]> = OnceLock::new();
    let kernel = KERNEL.get_or_init(|| {
        let gauss = |i: usize| {
            let t = (i as f32 - REACH as f32) / SMOOTH_PX;
            (-0.5 * t * t).exp()
        };
        // A sum of squares of 1 along each axis keeps the noise's deviation.
        let norm = (0..=2 * REACH).map(|i| gauss(i) * gauss(i)).sum::<f32>().sqrt();
        std::array::from_fn(|i| gauss(i) / norm)
    });
    // Uniform noise of deviation 1.
    let edge = 3f32.sqrt() * deviation;
    let noise: Pixels = std::array::from_fn(|_| rng.range(-edge, edge));
    let along = |from: &Pixels, stride: usize, other: usize| -> Pixels {
        std::array::from_fn(|i| {
            let (k, base) = ((i / stride) % SIDE, (i / other) % SIDE * other);
            let range = k.saturating_sub(REACH)..(k + REACH + 1).min(SIDE);
            range.map(|j| from[base + j * stride] * kernel[j + REACH - k]).sum()
        })
    };
    along(&along(&noise, 1, SIDE), SIDE, 1)
}

impl fmt::Display for Augmentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_off() {
            return f.write_str("off");
        }
        let mut between = "";
        for setting in SETTINGS.iter().filter(|s| s.value(*self) != 0.0) {
            write!(f, "{between}{}={}", setting.name, setting.value(*self))?;
            between = ",";
        }
        Ok(())
    }
}

impl FromStr for Augmentation {
    type Err = String;

    /// `off`, `usual`, or some of
    /// `shift=2,rotation=10,scale=0.1,elastic=1,unchanged=0.5`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => return Ok(Self::default()),
            "usual" => return Ok(Self::USUAL),
            _ => {}
        }
        let mut found = Self::default();
        for part in text.split(',') {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let setting = SETTINGS.iter().find(|s| s.name == name.trim()).ok_or_else(|| {
                let names: Vec<&str> = SETTINGS.iter().map(|s| s.name).collect();
                format!(
                    "{name:?} is none of off, usual, or {} with = and a number",
                    names.join(", ")
                )
            })?;
            let number = value.trim().parse().ok().filter(|v| setting.allows(*v));
            let number = number
                .ok_or_else(|| format!("{name} goes from 0 to {}, not {value:?}", setting.most))?;
            setting.set(&mut found, number);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::PIXELS;
    use super::*;

    fn blob() -> [u8; PIXELS] {
        std::array::from_fn(|i| {
            let (x, y) = ((i % SIDE) as f32 - 12.0, (i / SIDE) as f32 - 15.0);
            (255.0 * (-(x * x + 0.4 * y * y) / 12.0).exp()) as u8
        })
    }

    fn moments(p: &Pixels) -> (f32, f32, f32) {
        let mass: f32 = p.iter().sum();
        let mean = |of: fn(usize) -> usize| {
            p.iter().enumerate().map(|(i, v)| of(i) as f32 * v).sum::<f32>() / mass
        };
        (mass, mean(|i| i % SIDE), mean(|i| i / SIDE))
    }

    #[test]
    fn off_changes_nothing() {
        let image = blob();
        let same = Augmentation::default().apply(&image, &mut Rng::stream(1, "test", 0));
        for (a, b) in same.iter().zip(&image) {
            assert!((a - f32::from(*b) / 255.0).abs() < 1e-6);
        }
    }

    #[test]
    fn each_setting_does_what_it_is_named_after() {
        let image = blob();
        let still: Pixels = image.map(|v| f32::from(v) / 255.0);
        let (mass, x, y) = moments(&still);
        let c = (SIDE - 1) as f32 / 2.0;
        let radius = |(_, x, y): (f32, f32, f32)| ((x - c).powi(2) + (y - c).powi(2)).sqrt();
        for n in 0..50 {
            let apply = |a: Augmentation| moments(&a.apply(&image, &mut Rng::stream(3, "test", n)));
            let off = Augmentation::default();
            let moved = apply(Augmentation { shift_px: 3.0, ..off });
            assert!((moved.0 / mass - 1.0).abs() < 0.01);
            assert!((moved.1 - x).abs() < 3.05 && (moved.2 - y).abs() < 3.05);
            let turned = apply(Augmentation { rotation_deg: 30.0, ..off });
            assert!((turned.0 / mass - 1.0).abs() < 0.02);
            assert!((radius(turned) - radius((mass, x, y))).abs() < 0.1);
            let scaled = apply(Augmentation { scale: 0.2, ..off });
            // Area goes by the square of the scale.
            assert!((0.6..1.5).contains(&(scaled.0 / mass)));
        }
    }

    #[test]
    fn every_setting_is_brought_within_its_own_range() {
        for (i, setting) in SETTINGS.iter().enumerate() {
            let mut all = Augmentation::default();
            setting.set(&mut all, 1e9);
            let mut bounds = Bounds::default();
            all.bound(&mut bounds);
            assert_eq!(setting.value(all), setting.most, "{}", setting.name);
            assert_eq!((bounds.declared().len(), bounds.mended().len()), (5, 1), "{i}");
        }
    }

    #[test]
    fn the_share_asked_for_stays_as_it_is() {
        let image = blob();
        let still: Pixels = image.map(|v| f32::from(v) / 255.0);
        let some = Augmentation { unchanged: 0.3, ..Augmentation::USUAL };
        let mut rng = Rng::stream(5, "test", 0);
        let same = (0..1000).filter(|_| some.apply(&image, &mut rng) == still).count();
        assert!((250..350).contains(&same), "{same}");
        assert!(Augmentation { unchanged: 0.5, ..Augmentation::default() }.is_off());
    }

    #[test]
    fn the_elastic_field_has_its_deviation_inside() {
        let mut squares = 0.0;
        for n in 0..400 {
            let field = smooth(&mut Rng::stream(7, "field", n), 1.5);
            squares += f64::from(field[14 * SIDE + 14]).powi(2);
        }
        // 400 independent values: the deviation's standard error is 3.5 %.
        let deviation = (squares / 400.0).sqrt();
        assert!((deviation / 1.5 - 1.0).abs() < 0.12, "{deviation}");
    }

    #[test]
    fn texts_come_back_and_wrong_ones_say_why() {
        for a in [Augmentation::default(), Augmentation::USUAL] {
            assert_eq!(a.to_string().parse(), Ok(a));
        }
        assert_eq!("usual".parse(), Ok(Augmentation::USUAL));
        let half: Augmentation = "shift=1.5, elastic=2".parse().unwrap();
        assert_eq!((half.shift_px, half.rotation_deg, half.elastic_px), (1.5, 0.0, 2.0));
        for (wrong, why) in [
            ("shft=1", "none of"),
            ("shift=9", "from 0 to 8"),
            ("scale=nan", "from 0 to 0.5"),
            ("rotation", "from 0 to 45"),
        ] {
            assert!(wrong.parse::<Augmentation>().unwrap_err().contains(why), "{wrong}");
        }
    }
}
