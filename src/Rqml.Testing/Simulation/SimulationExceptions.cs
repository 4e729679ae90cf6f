namespace Rqml.Testing.Simulation;

/// <summary>Something came back on a thread that is not the simulator's: a run with it would not be the same twice. Plain awaits on the dispatcher stay.</summary>
internal sealed class EscapedException(string where) : RqmlException($"Something escaped from the simulator's thread and came back on another one: {where}");

/// <summary>Nothing is ready and no timer runs, though the run is unfinished: somebody waits for what the simulator does not hold.</summary>
internal sealed class NothingRunnableException(long events) : RqmlException($"After {events} events nothing is runnable, and the run is unfinished.");
