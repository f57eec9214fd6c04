#pragma once

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mixer/video/compositor.h"
#include "mixer/video/png.h"
#include "tests/support/color_source.h"
#include "tests/support/fake_clock.h"

namespace tests {

struct Person {
    std::string name;
    std::string initials;
    common::PictureSize camera{1280, 720};
    bool muted = false;
    bool speaking = false;
};

/// A room of ColorSources on a grid, composed by the real SceneBuilder and Compositor. Person i is
/// source i + 1 and paints identity i.
class Stage : public mixer::DuePictures {
  public:
    explicit Stage(std::vector<Person> people) : people_(std::move(people)) {
        for (std::size_t i = 0; i < people_.size(); ++i) {
            cameras_.emplace_back(pool, static_cast<int>(i), people_[i].camera);
        }
    }

    /// Everyone in a square grid; gaps of 0.8 % of the canvas width.
    [[nodiscard]] mixer::LayoutPlan grid(mixer::Fit fit = mixer::Fit::Crop,
                                         double aspect = 16.0 / 9.0) const {
        mixer::LayoutPlan plan;
        plan.background = {22, 24, 29};
        plan.speaker_border = {64, 196, 255};
        plan.aspect = aspect;
        const auto count = static_cast<int>(people_.size());
        const int columns = static_cast<int>(std::ceil(std::sqrt(count)));
        const int rows = (count + columns - 1) / columns;
        const double gap_x = count == 1 ? 0 : 0.008;
        const double gap_y = gap_x * aspect;
        const double width = (1 - gap_x * (columns + 1)) / columns;
        const double height = (1 - gap_y * (columns + 1)) / columns;
        const double top = (1 - rows * height - (rows - 1) * gap_y) / 2;
        for (int i = 0; i < count; ++i) {
            const int row = i / columns;
            const int in_row = row == rows - 1 ? count - row * columns : columns;
            const double left = (1 - in_row * width - (in_row - 1) * gap_x) / 2;
            plan.tiles.push_back(tile(i));
            plan.tiles.back().fit = fit;
            plan.tiles.back().rect = {left + (i % columns) * (width + gap_x),
                                      top + row * (height + gap_y), width, height};
        }
        return plan;
    }

    [[nodiscard]] mixer::Tile tile(int index) const {
        const Person& person = people_[static_cast<std::size_t>(index)];
        mixer::Tile tile;
        tile.source = source(index);
        tile.label = person.name;
        tile.initials = person.initials;
        tile.muted = person.muted;
        tile.speaking = person.speaking;
        tile.avatar_color = ColorSource::color_of(index + 40);
        return tile;
    }

    [[nodiscard]] static common::SourceId source(int index) {
        return {static_cast<std::uint64_t>(index) + 1};
    }

    /// Everyone's camera gives a picture.
    void shoot() {
        for (std::size_t i = 0; i < cameras_.size(); ++i) shoot(static_cast<int>(i));
    }
    void shoot(int index) {
        mixer::DuePicture& due = due_[source(index)];
        due.frame = cameras_[static_cast<std::size_t>(index)].next(clock.now());
        due.last_change = clock.now();
    }
    /// As a decoder that was told of these tiles leaves it.
    void fit(int index, const mixer::TileNeed& tile) {
        mixer::DuePicture& due = due_[source(index)];
        due.fitted[0] = {tile, mixer::TileFitter(pool).fit(*due.frame, tile).publish()};
    }
    void show(int index, mixer::FrameRef picture) {
        due_[source(index)] = {std::move(picture), {}, clock.now()};
    }

    [[nodiscard]] const mixer::DuePicture* find(common::SourceId source) const override {
        const auto found = due_.find(source);
        return found == due_.end() ? nullptr : &found->second;
    }

    mixer::FrameRef compose(const mixer::Scene& scene) {
        compositor.begin_tick(clock.now());
        return compositor.compose(scene, *this, clock.now());
    }

    mixer::FramePool pool{256U << 20};
    FakeClock clock;
    mixer::SceneBuilder builder{pool};
    mixer::Compositor compositor{pool};

  private:
    std::vector<Person> people_;
    std::vector<ColorSource> cameras_;
    std::map<common::SourceId, mixer::DuePicture> due_;
};

/// Leaves a picture to look at in $TESSERA_GOLDEN_OUT, when that is set.
inline void keep(const mixer::VideoFrame& picture, const std::string& name) {
    const char* folder = std::getenv("TESSERA_GOLDEN_OUT");
    if (folder == nullptr) return;
    const auto png = mixer::encode_png(picture);
    if (!png) return;
    std::ofstream file(std::string(folder) + "/" + name + ".png", std::ios::binary);
    file.write(reinterpret_cast<const char*>(png->data()),
               static_cast<std::streamsize>(png->size()));
}

}  // namespace tests
