// Gradients.
#include "standin.h"
#include <torch/csrc/autograd/autograd.h>

CHANGE(set_requires_grad, (H self, bool required), self->set_requires_grad(required))
TENSOR(grad, (H self), self->grad())

CHANGE(backward, (H self, H* gradients, int64_t gradient_count, bool retain_graph, bool create_graph, H* inputs, int64_t input_count),
    torch::autograd::backward({*self}, tensors(gradients, gradient_count), retain_graph, create_graph, tensors(inputs, input_count)))
