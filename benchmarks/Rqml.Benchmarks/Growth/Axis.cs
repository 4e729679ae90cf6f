using Rqml.Benchmarks.Ratios;

namespace Rqml.Benchmarks.Growth;

/// <summary>One thing that grows while all else stays: what an operation takes then.</summary>
/// <param name="Work">What is done.</param>
/// <param name="Grows">What grows.</param>
/// <param name="Steps">How much of it there is, step by step, and the work with it.</param>
internal sealed record Axis(string Work, string Grows, IReadOnlyList<(string Size, Func<IComparison> New)> Steps);
