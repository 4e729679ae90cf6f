namespace Rqml.Queues;

/// <summary>The open lanes of one class, the one with the best first task in front: a binary heap that knows where each lane stands.</summary>
/// <remarks>Parking takes a lane out whole, whatever its length; its tasks keep their order inside. Most classes have one lane, and then nothing moves.</remarks>
internal sealed class OpenLanes
{
    private readonly List<Lane> _heap = [];

    public bool IsEmpty => _heap.Count == 0;

    public Lane Best => _heap[0];

    public void Open(Lane lane)
    {
        _heap.Add(lane);
        MoveUp(_heap.Count - 1, lane);
    }

    public void Close(Lane lane)
    {
        var at = lane.Position;
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        lane.Position = Lane.NotOpen;
        if (last == lane) return;
        last.Position = at;
        _heap[at] = last;
        Reorder(last);
    }

    /// <summary>Puts an open lane where it belongs after its first task changed.</summary>
    public void Reorder(Lane lane)
    {
        var at = lane.Position;
        if (at > 0 && lane.IsBefore(_heap[(at - 1) / 2])) MoveUp(at, lane);
        else MoveDown(at, lane);
    }

    private void MoveUp(int at, Lane lane)
    {
        while (at > 0 && lane.IsBefore(_heap[(at - 1) / 2]))
        {
            Put(at, _heap[(at - 1) / 2]);
            at = (at - 1) / 2;
        }

        Put(at, lane);
    }

    private void MoveDown(int at, Lane lane)
    {
        for (var child = (2 * at) + 1; child < _heap.Count; child = (2 * at) + 1)
        {
            if (child + 1 < _heap.Count && _heap[child + 1].IsBefore(_heap[child])) child++;
            if (!_heap[child].IsBefore(lane)) break;
            Put(at, _heap[child]);
            at = child;
        }

        Put(at, lane);
    }

    private void Put(int at, Lane lane)
    {
        _heap[at] = lane;
        lane.Position = at;
    }
}
