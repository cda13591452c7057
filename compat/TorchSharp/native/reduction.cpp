// Sums, norms, extremes, orders and softmax.
#include "standin.h"

TENSOR(sum, (H self, int32_t type), self->sum(maybe_type(type)))
TENSOR(sum_dims, (H self, Dims dims, int64_t count, bool keepdim, int32_t type),
    self->sum(at::IntArrayRef(dims, count), keepdim, maybe_type(type)))
TENSOR(mean, (H self), self->mean())
TENSOR(mean_dims, (H self, Dims dims, int64_t count, bool keepdim, int32_t type),
    self->mean(at::IntArrayRef(dims, count), keepdim, maybe_type(type)))
TENSOR(norm, (H self, float p), self->norm(p))
TENSOR(max, (H self), self->max())
TENSOR(amax, (H self, Dims dims, int64_t count, bool keepdim), self->amax(at::IntArrayRef(dims, count), keepdim))
TENSOR(argmax_dim, (H self, int64_t dim, bool keepdim), self->argmax(dim, keepdim))
TENSORS(sort, (H self, int64_t dim, bool descending, bool stable), both(self->sort(c10::optional<bool>(stable), dim, descending)))
TENSOR(logsumexp, (H self, int64_t dim, bool keepdim), self->logsumexp(dim, keepdim))
TENSOR(softmax, (H self, int64_t dim, int32_t type), self->softmax(dim, maybe_type(type)))
TENSOR(log_softmax, (H self, int64_t dim, int32_t type), self->log_softmax(dim, maybe_type(type)))
