namespace Quickstart;

/// <summary>A task's payload: which bootstrap sample to learn from.</summary>
public sealed record Sample(ulong Seed, int Number);
