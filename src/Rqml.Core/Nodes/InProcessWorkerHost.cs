using Rqml.Models;
using Rqml.Supervision;

namespace Rqml.Nodes;

/// <summary>Runs models in this process. A worker that hangs cannot be killed, only abandoned.</summary>
internal sealed class InProcessWorkerHost(TaskClassRegistry classes) : IWorkerHost
{
    public bool IsIsolated => false;

    public ValueTask<IWorker> StartAsync(DeviceLane lane, CancellationToken cancellationToken) => new(new InProcessWorker(classes));

    private sealed class InProcessWorker(TaskClassRegistry classes) : IWorker
    {
        private volatile bool _isDisposed;

        public ValueTask<PassResult> RefineAsync(PassRequest request, CancellationToken cancellationToken) =>
            Definition(request.Class, request.ClassVersion).RefineAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<double>> CompareAsync(ComparisonRequest request, CancellationToken cancellationToken) =>
            Definition(request.Class, request.ClassVersion).CompareAsync(request, cancellationToken);

        public ValueTask<IReadOnlyList<Validation>> ValidateAsync(ValidationRequest request, CancellationToken cancellationToken) =>
            Definition(request.Class, request.ClassVersion).ValidateAsync(request, cancellationToken);

        public ValueTask<Ballot> VoteAsync(BallotRequest request, CancellationToken cancellationToken) =>
            Definition(request.Class, request.ClassVersion).VoteAsync(request, cancellationToken);

        public ValueTask DisposeAsync()
        {
            _isDisposed = true;
            return ValueTask.CompletedTask;
        }

        private TaskClassDefinition Definition(string name, int version)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            return classes.Get(name, version);
        }
    }
}
