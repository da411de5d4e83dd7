#include "caxolotl_avformat.h"
