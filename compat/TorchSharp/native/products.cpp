// Matrix products and the functions of torch.nn.functional.
#include "standin.h"

TENSOR(matmul, (H self, H other), self->matmul(*other))
TENSOR(mm, (H self, H other), self->mm(*other))
TENSOR(mv, (H self, H vector), self->mv(*vector))
TENSOR(bmm, (H self, H other), self->bmm(*other))
TENSOR(dot, (H self, H other), self->dot(*other))
TENSOR(outer, (H self, H other), self->outer(*other))
TENSOR(addmm, (H self, H first, H second, float beta, float alpha), self->addmm(*first, *second, beta, alpha))
CHANGE(addmm_, (H self, H first, H second, float beta, float alpha), self->addmm_(*first, *second, beta, alpha))
TENSOR(baddbmm, (H self, H first, H second, float beta, float alpha), self->baddbmm(*first, *second, beta, alpha))

TENSOR(linear, (H input, H weight, H bias), at::linear(*input, *weight, maybe(bias)))
TENSOR(dropout, (H input, double p, bool training), at::dropout(*input, p, training))
TENSOR(dropout_, (H input, double p, bool training), at::dropout_(*input, p, training))
TENSOR(one_hot, (H self, int64_t classes), at::one_hot(*self, classes))
TENSOR(cross_entropy, (H input, H target, H weight, int64_t ignore_index, int64_t reduction, double smoothing),
    at::cross_entropy_loss(*input, *target, maybe(weight), reduction, ignore_index, smoothing))
TENSOR(scaled_dot_product_attention, (H query, H key, H value, H mask, double p, bool causal),
    std::get<0>(at::_scaled_dot_product_attention(*query, *key, *value, maybe(mask), p, false, causal)))
