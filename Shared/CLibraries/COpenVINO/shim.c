#include "caxolotl_openvino.h"

#include <stdio.h>

ov_status_e axolotl_ov_compile_for_cpu(
    const ov_core_t *core, const ov_model_t *model, int streams, ov_compiled_model_t **compiled) {
  char count[16];
  snprintf(count, sizeof count, "%d", streams);
  // The size counts keys and values one by one.
  return ov_core_compile_model(
      core, model, "CPU", 10, compiled, ov_property_key_hint_performance_mode, "LATENCY",
      ov_property_key_inference_num_threads, count, ov_property_key_num_streams, count,
      ov_property_key_hint_inference_precision, "f32", ov_property_key_hint_enable_cpu_pinning, "NO");
}
