#include "caxolotl_openvino.h"
