namespace Rqml.Benchmarks.Ratios;

/// <summary>A line that has no floor, or is about a process and not about operations: what it came to, and whether that keeps the budget.</summary>
/// <param name="Work">What is measured.</param>
/// <param name="Budget">What it may come to.</param>
/// <param name="MeasureAsync">Measures it.</param>
internal sealed record FigureRow(string Work, string Budget, Func<Task<Figure>> MeasureAsync);

/// <summary>What was found.</summary>
/// <param name="Text">In words.</param>
/// <param name="IsKept">Whether it keeps the budget.</param>
internal sealed record Figure(string Text, bool IsKept);
