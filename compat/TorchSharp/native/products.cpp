// Matrix products and the functions of torch.nn.functional.
#include "standin.h"

TENSOR(matmul, (H self, H other), self->matmul(*other))
TENSOR(mm, (H self, H other), self->mm(*other))
TENSOR(bmm, (H self, H other), self->bmm(*other))
TENSOR(outer, (H self, H other), self->outer(*other))
TENSOR(addmm, (H self, H first, H second, float beta, float alpha), self->addmm(*first, *second, beta, alpha))
CHANGE(addmm_, (H self, H first, H second, float beta, float alpha), self->addmm_(*first, *second, beta, alpha))

TENSOR(linear, (H input, H weight, H bias), at::linear(*input, *weight, maybe(bias)))
