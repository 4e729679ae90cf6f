using Rqml.Diagnostics;

namespace Rqml.Testing.Simulation.Supervised;

/// <summary>Tells the judge which task a policy is about to be asked about: an observation does not name it.</summary>
internal sealed class StationWatch(SupervisionJudge judge, SimulatedProcess process) : IStationObserver
{
    public void Entered(Station station, TaskId task)
    {
        switch (station)
        {
            case Station.Lane:
                judge.RunBegan(process, task);
                break;
            case Station.Route:
                judge.IterationBegan(process, task);
                break;
            case Station.Supervise:
                judge.PolicyAsked(process, task);
                break;
        }
    }
}
