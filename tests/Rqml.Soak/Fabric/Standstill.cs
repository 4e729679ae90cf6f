namespace Rqml.Soak.Fabric;

/// <summary>When a worker was stopped, and when it went on.</summary>
internal readonly record struct Standstill(long BeganAt, long EndedAt);
