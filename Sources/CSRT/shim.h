// srt.h as Swift can call it: what is a macro or a cast there is a constant or a function here.
#pragma once
#include <netdb.h>
#include <srt/access_control.h>
#include <srt/srt.h>
