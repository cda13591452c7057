using System.Runtime.InteropServices;
using TorchSharp.Native;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public Tensor matmul(Tensor target) => op_matmul(this, target);
        public Tensor mm(Tensor target) => op_mm(this, target);
        public Tensor bmm(Tensor batch2) => op_bmm(this, batch2);

        /// <summary>beta · this + alpha · mat1 mat2.</summary>
        public Tensor addmm(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => op_addmm(this, mat1, mat2, beta, alpha);
        public Tensor addmm_(Tensor mat1, Tensor mat2, float beta = 1, float alpha = 1) => Changed(op_addmm_(this, mat1, mat2, beta, alpha));

        [LibraryImport(Library.Name)] private static partial Tensor op_matmul(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_mm(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_bmm(Tensor self, Tensor other);
        [LibraryImport(Library.Name)] private static partial Tensor op_addmm(Tensor self, Tensor first, Tensor second, float beta, float alpha);
        [LibraryImport(Library.Name)] private static partial Flag op_addmm_(Tensor self, Tensor first, Tensor second, float beta, float alpha);
    }
}
