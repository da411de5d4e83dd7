#pragma once
#include <openvino/c/openvino.h>

/// Compiles `model` for the CPU. `ov_core_compile_model` takes its properties as variadic arguments, which Swift cannot
/// pass. `streams` inferences run beside each other, each on one thread of its own; results are computed in single
/// precision on every machine. Threads are not pinned: each process would pin to the same first cores, and two services
/// on a machine of two cores would share one of them.
ov_status_e axolotl_ov_compile_for_cpu(
    const ov_core_t *core, const ov_model_t *model, int streams, ov_compiled_model_t **compiled);
