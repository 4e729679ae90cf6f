using System.Text.Json.Serialization;

namespace Quickstart.Learning;

/// <summary>The three families: each usually reads better than the one before and costs more to ask.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClassifierKind>))]
public enum ClassifierKind
{
    /// <summary>Softmax regression: one straight cut between any two labels.</summary>
    Softmax,

    /// <summary>A perceptron with one hidden layer of 64 units.</summary>
    Perceptron,

    /// <summary>Ridge regression with a Gaussian kernel: weighs the digit against every line of its sample.</summary>
    RidgeRbf,
}
