using Rqml.Hosting;

namespace Rqml.Storage;

/// <summary>A dispatcher whose work waits until the test lets it run.</summary>
internal sealed class ManualDispatcher : Dispatcher
{
    private readonly Queue<IThreadPoolWorkItem> _posted = new();

    public int Posted => _posted.Count;

    public override void Post(IThreadPoolWorkItem item) => _posted.Enqueue(item);

    public void RunAll()
    {
        while (_posted.TryDequeue(out var item)) item.Execute();
    }
}
