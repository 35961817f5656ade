// The part of libyuv that the mixer uses: planes that are copied, filled, scaled and laid over each other.
#pragma once
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
