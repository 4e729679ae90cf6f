namespace Rqml;

/// <summary>One worker lane: the kind of device that it stands for, and its number among the lanes of that kind, from 0. A model that computes on one of several devices picks its own by it.</summary>
public readonly record struct DeviceLane(string Device, int Number)
{
    /// <summary>Kind and number, such as <c>cuda:1</c>.</summary>
    public override string ToString() => $"{Device}:{Number}";
}
