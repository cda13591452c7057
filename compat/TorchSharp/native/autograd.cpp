// Gradients.
#include "standin.h"
#include <torch/csrc/autograd/autograd.h>

extern "C" bool op_requires_grad(H self) { return self->requires_grad(); }
CHANGE(set_requires_grad, (H self, bool required), self->set_requires_grad(required))
extern "C" bool op_is_leaf(H self) { return self->is_leaf(); }
CHANGE(retain_grad, (H self), self->retain_grad())
TENSOR(grad, (H self), self->grad())
CHANGE(set_grad, (H self, H value), self->mutable_grad() = value ? *value : at::Tensor())

CHANGE(backward, (H* outputs, int64_t count, H* gradients, int64_t gradient_count, bool retain_graph, bool create_graph, H* inputs, int64_t input_count),
    torch::autograd::backward(tensors(outputs, count), tensors(gradients, gradient_count), retain_graph, create_graph, tensors(inputs, input_count)))
TENSORS(grad_of, (H* outputs, int64_t count, H* inputs, int64_t input_count, H* gradients, int64_t gradient_count, bool retain_graph, bool create_graph, bool allow_unused),
    torch::autograd::grad(tensors(outputs, count), tensors(inputs, input_count), tensors(gradients, gradient_count), retain_graph, create_graph, allow_unused))
